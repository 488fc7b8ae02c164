import type {Tensor} from '@tensorflow/tfjs';
import {execution, ops} from '../graph/index.ts';
import {add, scale} from './basics.ts';
import {differentiable} from './differentiable.ts';
import {dropped} from './dropout.ts';
import {filterOrder} from './filter-order.ts';
import type {Layout, Scope} from './scope.ts';

const {matmul, op, reshape, sum, toFloat32, toLow, transpose} = ops;
const float = () => ops.attribute.type('T', 1);

/** x·Wᵀ + b. x: [..., in] -> [..., out]. Parameters weight [out, in], bias [out]. */
export function linear(p: Scope, x: Tensor, {out, bias = true}: {out: number; bias?: boolean}): Tensor {
	const width = x.shape[x.rank - 1];
	const y = affine(x, p.get('weight', [out, width]), bias ? p.get('bias', [out]) : undefined);
	return adapted(p, {x, y}, (down, input, rank) => affine(input, down.get('weight', [rank, width])), 'same');
}

/** A 1x1 convolution, which is a linear map of the channels. x: [..., in] -> [..., out]. On disk the weight is [out, in, 1, 1]. */
export function pointwise(p: Scope, x: Tensor, {out}: {out: number}): Tensor {
	const width = x.shape[x.rank - 1];
	const y = affine(x, p.get('weight', [out, width, 1, 1], 'pointwise'), p.get('bias', [out]));
	return adapted(p, {x, y}, (down, input, rank) => affine(input, down.get('weight', [rank, width, 1, 1], 'pointwise')), 'pointwise');
}

/**
 * y + scale·B(A(x)), where the module has an adapter (Hu et al. 2021, "LoRA: low-rank adaptation of large language models").
 * `down` is A, the module's own operation with `rank` outputs; B is a linear map of the channels. With dropout, values of x are left out for A alone.
 */
function adapted(p: Scope, {x, y}: {readonly x: Tensor; readonly y: Tensor}, down: (p: Scope, x: Tensor, rank: number) => Tensor, layout: 'same' | 'pointwise'): Tensor {
	if (!p.adapter) return y;
	const {rank, scale: factor} = p.adapter;
	const out = y.shape[y.rank - 1];
	const up = p.at('lora_B').get('weight', layout === 'same' ? [out, rank] : [out, rank, 1, 1], layout);
	const input = p.dropout ? dropped(x, p.path, p.dropout) : x;
	return add(y, affine(scale(down(p.at('lora_A'), input, rank), factor), up));
}

function affine(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
	const outer = x.shape.slice(0, -1);
	const rows = outer.reduce((product, n) => product * n, 1);
	const [out, width] = weight.shape;
	return differentiable(
		bias ? [x, weight, bias] : [x, weight],
		(save, a, w, b) => {
			save([a, w]);
			const y = matmul(reshape(a, [rows, width]), heldBack(w, a), {transposeB: true});
			return reshape(b ? op('BiasAdd', [y, b], [float()]) : y, [...outer, out]);
		},
		(dy, [a, w]) => {
			const d = toLow(reshape(dy, [rows, out]));
			const dx = () => reshape(matmul(d, heldBack(w, d)), x.shape);
			const dw = () => matmul(d, reshape(a, [rows, width]), {transposeA: true});
			return bias ? [dx, dw, () => sum(toFloat32(d), [0])] : [dx, dw];
		},
	);
}

/**
 * The weight, not before what it is to be multiplied with. Its halves are made where they are used, in the backward pass once more: a compiler makes them
 * all at the beginning, and keeps them to the end, which for SD 1.5 takes 1.6 GiB.
 */
function heldBack(weight: Tensor, until: Tensor): Tensor {
	const {precision, barrier} = execution();
	return precision === 'f32' || weight.size < HELD_BACK_FROM ? weight : barrier([weight], until)[0];
}

/** Smaller ones (those of LoRA adapters, 700 in SD 1.5) take no memory worth the wait. */
const HELD_BACK_FROM = 2 ** 16;

export interface ConvolutionOptions {
	readonly out: number;
	/** Side of the square kernel. */
	readonly kernel: number;
	readonly stride?: number;
	/**
	 * `same` keeps the size; `symmetric` pads kernel/2 on every side (torch's padding, the UNet's downsampler);
	 * `bottom-right` pads one row below and one column right (the autoencoder's downsampler).
	 */
	readonly padding?: 'same' | 'symmetric' | 'bottom-right';
}

/** x: [batch, height, width, in] -> [batch, height', width', out]. Parameters weight (on disk [out, in, kernel, kernel]), bias [out]. */
export function conv2d(p: Scope, x: Tensor, options: ConvolutionOptions): Tensor {
	const layout: Layout = 'convolution';
	const {out, kernel} = options;
	const [, , , channels] = x.shape;
	const y = convolution(x, p.get('weight', [out, channels, kernel, kernel], layout), p.get('bias', [out]), options);
	return adapted(p, {x, y}, (down, input, rank) => convolution(input, down.get('weight', [rank, channels, kernel, kernel], layout), undefined, options), 'pointwise');
}

function convolution(x: Tensor, weight: Tensor, bias: Tensor | undefined, {kernel, stride = 1, padding = 'same'}: Omit<ConvolutionOptions, 'out'>): Tensor {
	const {attribute} = ops;
	const side = kernel >> 1;
	const explicit = padding === 'symmetric' ? [0, 0, side, side, side, side, 0, 0] : [0, 0, 0, 1, 0, 1, 0, 0];
	const attributes = [
		attribute.int('strides', [1, stride, stride, 1]),
		attribute.bool('use_cudnn_on_gpu', true),
		attribute.text('data_format', 'NHWC'),
		attribute.int('dilations', [1, 1, 1, 1]),
		float(),
		...(padding === 'same' ? [attribute.text('padding', 'SAME')] : [attribute.text('padding', 'EXPLICIT'), attribute.int('explicit_paddings', explicit)]),
	];
	const {toOperation, fromOperation} = filterOrder();
	const filters = (w: Tensor) => (toOperation ? transpose(toLow(w), toOperation) : w);
	const sizes = {x: x.shape, filters: toOperation ? toOperation.map(axis => weight.shape[axis]) : weight.shape};
	return differentiable(
		bias ? [x, weight, bias] : [x, weight],
		(save, a, w, b) => {
			save([a, w]);
			const y = op('Conv2D', [a, filters(heldBack(w, a))], attributes);
			return b ? op('BiasAdd', [y, b], [float()]) : y;
		},
		(dy, [a, w]) => {
			const d = toLow(dy);
			const dx = () => op('Conv2DBackpropInput', [ops.integers(sizes.x), filters(heldBack(w, d)), d], attributes);
			const dw = () => {
				const gradient = op('Conv2DBackpropFilter', [a, ops.integers(sizes.filters), d], attributes);
				return fromOperation ? transpose(gradient, fromOperation) : gradient;
			};
			return bias ? [dx, dw, () => sum(toFloat32(d), [0, 1, 2])] : [dx, dw];
		},
	);
}

/** Rows of a table, in float32 also where the table is held in halves. ids: int32 [...] -> [..., width]. Parameter weight [count, width]. */
export const embedding = (p: Scope, ids: Tensor, {count, width}: {count: number; width: number}): Tensor =>
	differentiable([gatherRows(p.get('weight', [count, width]), ids)], (_, rows) => toFloat32(rows), dy => [dy]);

/** Rows of x along its first axis, repeated as asked. x: [count, ...inner], rows: int32 [...] -> [...rows, ...inner]. */
export function gatherRows(x: Tensor, rows: Tensor): Tensor {
	const [count, ...inner] = x.shape;
	const chosenCount = rows.shape.reduce((product, n) => product * n, 1);
	return differentiable(
		[x],
		(save, a) => {
			save([rows]);
			return ops.gather(a, rows);
		},
		(dy, [chosen]) => [
			op('UnsortedSegmentSum', [ops.reshape(toFloat32(dy), [chosenCount, ...inner]), ops.reshape(chosen, [chosenCount]), ops.integer(count)], [float(), ops.attribute.type('Tindices', 3), ops.attribute.type('Tnumsegments', 3)]),
		],
	);
}

/** A whole table of positions, [count, width]. Parameter weight. */
export const positions = (p: Scope, {count, width}: {count: number; width: number}): Tensor => p.get('weight', [count, width]);
