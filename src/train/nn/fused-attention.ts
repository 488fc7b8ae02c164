import type {Tensor} from '@tensorflow/tfjs';
import {dtypeOf, execution, FLOAT32, ops, type CompileOptions} from '../graph/index.ts';
import {loadRuntime} from '../runtime/index.ts';
import {differentiable} from './differentiable.ts';

/** The sizes of one attention: queries of `n` tokens, keys and values of `m`, each head `width` channels wide. */
export interface AttentionSizes {
	readonly batch: number;
	readonly n: number;
	readonly m: number;
	readonly heads: number;
	readonly width: number;
	readonly causal: boolean;
}

/** Scores below this cost little to keep, and a kernel of their own gains nothing. */
const FEWEST_SCORES = 2 ** 18;
/** The kernels work on tiles of this many tokens; others need masks. */
const TOKENS = 64;
/** Head widths that the kernels are made for. Others are filled up with zeros, which change no score and are cut off again. */
const WIDTHS = [64, 128];

/** Names a layer's sizes in messages and in `notFused`. */
export const fusedLayer = ({n, m, heads, width}: AttentionSizes): string => `${n}x${m} tokens, ${heads} heads of ${width}`;

/** Whether cuDNN has a kernel for a layer of these sizes in a function compiled so. */
export const isFusable = ({n, m, width, causal}: AttentionSizes, {attention, mode, precision}: CompileOptions): boolean =>
	attention === 'fused' && mode === 'xla' && (precision === 'bf16' || precision === 'f16') && loadRuntime().device === 'gpu'
	&& !causal && n * m >= FEWEST_SCORES && n % TOKENS === 0 && m % TOKENS === 0 && width <= WIDTHS[WIDTHS.length - 1];

/** Whether it is used in the function that is being compiled. */
export const isFused = (sizes: AttentionSizes): boolean => isFusable(sizes, execution()) && !execution().notFused.includes(fusedLayer(sizes));

/**
 * Attention whose scores never leave the chip (Dao 2023, "FlashAttention-2: faster attention with better parallelism and work
 * partitioning"), forward and backward one kernel each of cuDNN, called as XLA calls them. Only for sizes that `isFused` allows.
 * q: [batch, n, channels], k and v: [batch, m, channels] -> [batch, n, channels]. `filled`: what head widths are filled up to.
 */
export function fusedAttention(sizes: AttentionSizes, q: Tensor, k: Tensor, v: Tensor, filled = WIDTHS.find(one => one >= sizes.width) ?? sizes.width): Tensor {
	const {batch, n, m, heads, width} = sizes;
	const {precision, deterministic} = execution();
	const low = dtypeOf[precision];
	const call: Call = {batch, n, m, heads, width: filled, element: precision === 'f16' ? 'f16' : 'bf16', scale: 1 / Math.sqrt(width), deterministic};
	const split = (x: Tensor, tokens: number) => {
		const x4 = ops.reshape(ops.toLow(x), [batch, tokens, heads, width]);
		return filled === width ? x4 : ops.pad(x4, [[0, 0], [0, 0], [0, 0], [0, filled - width]]);
	};
	const merge = (x: Tensor, tokens: number) => ops.reshape(filled === width ? x : ops.slice(x, [0, 0, 0, 0], [batch, tokens, heads, width]), [batch, tokens, heads * width]);
	const like = (tokens: number): ops.ModuleOutput => ({dtype: low, shape: [batch, tokens, heads, filled]});
	return differentiable(
		[q, k, v],
		(save, q, k, v) => {
			const inputs = [split(q, n), split(k, m), split(v, m)];
			const [o, statistics] = ops.stableHlo(forwardModule(call), inputs, [like(n), {dtype: FLOAT32, shape: [batch, heads, n]}]);
			save([...inputs, o, statistics]);
			return merge(o, n);
		},
		(dy, [q4, k4, v4, o, statistics]) => {
			const [dq, dk, dv] = ops.stableHlo(backwardModule(call), [q4, k4, v4, statistics, split(dy, n), o], [like(n), like(m), like(m)]);
			return [merge(dq, n), merge(dk, m), merge(dv, m)];
		},
	);
}

interface Call extends Omit<AttentionSizes, 'causal'> {
	readonly element: 'bf16' | 'f16';
	/** Of the scores, before the softmax. */
	readonly scale: number;
	readonly deterministic: boolean;
}

type Axes = readonly number[];
const tensor = (shape: Axes, element: string) => `tensor<${[...shape, element].join('x')}>`;
/** How dimensions lie in memory, the fastest first. */
const rowOrder = (rank: number) => `dense<[${Array.from({length: rank}, (_, i) => rank - 1 - i).join(', ')}]> : tensor<${rank}xindex>`;
/** [batch, heads, tokens, width] that lies in memory as [batch, tokens, heads, width]. */
const tokensFirst = 'dense<[3, 1, 2, 0]> : tensor<4xindex>';
const workspace = {type: 'tensor<0xui8>', layout: 'dense<0> : tensor<1xindex>'};

/** Of the product of two tensors: the axes summed over, and the axes that run along in both. */
const product = (leftSummed: number, rightSummed: number, leftBatch: Axes, rightBatch: Axes) => ({
	lhs_contracting_dimensions: [String(leftSummed)],
	rhs_contracting_dimensions: [String(rightSummed)],
	lhs_batch_dimensions: leftBatch.map(String),
	rhs_batch_dimensions: rightBatch.map(String),
});
const forwardProducts = {
	bmm1_dot_dimension_numbers: product(3, 3, [0, 2], [0, 2]),
	bmm2_dot_dimension_numbers: product(3, 1, [0, 1], [0, 2]),
};
const backwardProducts = {
	bmm1_grad_gemm1_dot_dimension_numbers: product(2, 1, [0, 1], [0, 2]),
	bmm1_grad_gemm2_dot_dimension_numbers: product(3, 1, [0, 1], [0, 2]),
	bmm2_grad_gemm1_dot_dimension_numbers: product(2, 1, [0, 1], [0, 2]),
	bmm2_grad_gemm2_dot_dimension_numbers: product(3, 3, [0, 2], [0, 2]),
};

/** XLA's description of the call (its protocol buffer GpuBackendConfig), as the text that StableHLO carries. */
function configuration({batch, n, m, heads, element, scale, deterministic}: Call, products: object): string {
	const attention = {
		algorithm: {algo_id: '0', math_type: 'TENSOR_OP_MATH', tuning_knobs: {17: '1', 24: '0'}, is_cudnn_frontend: true, workspace_size: '0'},
		fmha_scale: scale,
		dropout_rate: 0,
		intermediate_tensor_shape: {
			element_type: element.toUpperCase(),
			dimensions: [batch, heads, n, m].map(String),
			layout: {minor_to_major: ['3', '2', '1', '0']},
			is_dynamic_dimension: [false, false, false, false],
		},
		seed: 42,
		is_flash_attention: true,
		mask_type: 'NO_MASK',
		sliding_window_length: 0,
		...(deterministic && {force_deterministic: true}),
		...products,
	};
	return JSON.stringify({operation_queue_id: '0', wait_on_operation_queues: [], cudnn_fmha_backend_config: attention}).replaceAll('"', String.raw`\22`);
}

interface Operand {
	readonly name: string;
	readonly shape: Axes;
	readonly element: string;
}
const typeOf = ({shape, element}: Operand) => tensor(shape, element);

/** A module that makes one of cuDNN's calls and brings its results, [batch, heads, tokens, width], into the order of its operands. */
function callModule(target: string, config: string, operands: readonly Operand[], results: readonly Operand[]): string {
	const raw = results.map(({shape, element}) => (shape.length === 4 ? tensor([0, 2, 1, 3].map(axis => shape[axis]), element) : tensor(shape, element)));
	const layouts = [...results.map(({shape}) => (shape.length === 4 ? tokensFirst : rowOrder(shape.length))), workspace.layout];
	const names = operands.map(({name}) => `%${name}`).join(', ');
	const returned = results.map(({shape}, i) => (shape.length === 4 ? `%t${i}` : `%call#${i}`));
	return [
		'module @attention {',
		` func.func public @main(${operands.map(operand => `%${operand.name}: ${typeOf(operand)}`).join(', ')}) -> (${results.map(typeOf).join(', ')}) {`,
		`  %call:${results.length + 1} = stablehlo.custom_call @${target}(${names}) {api_version = 2 : i32, backend_config = "${config}", operand_layouts = [${operands.map(({shape}) => rowOrder(shape.length)).join(', ')}], result_layouts = [${layouts.join(', ')}]} : (${operands.map(typeOf).join(', ')}) -> (${[...raw, workspace.type].join(', ')})`,
		...results.flatMap((result, i) => (result.shape.length === 4 ? [`  %t${i} = stablehlo.transpose %call#${i}, dims = [0, 2, 1, 3] : (${raw[i]}) -> ${typeOf(result)}`] : [])),
		`  return ${returned.join(', ')} : ${results.map(typeOf).join(', ')}`,
		' }',
		'}',
		'',
	].join('\n');
}

const operandsOf = ({batch, n, m, heads, width, element}: Call) => {
	const of = (tokens: number) => (name: string): Operand => ({name, shape: [batch, tokens, heads, width], element});
	return {queries: of(n), keys: of(m), statistics: {name: 'statistics', shape: [batch, heads, n], element: 'f32'}};
};

/** (q, k, v) -> (o, the logarithms of the sums that the scores of each query were divided by). */
function forwardModule(call: Call): string {
	const {queries, keys, statistics} = operandsOf(call);
	return callModule('__cudnn$fmhaSoftmax', configuration(call, forwardProducts), [queries('q'), keys('k'), keys('v')], [queries('o'), statistics]);
}

/** (q, k, v, statistics, dO, o) -> (dQ, dK, dV). */
function backwardModule(call: Call): string {
	const {queries, keys, statistics} = operandsOf(call);
	return callModule('__cudnn$fmhaSoftmaxBackward', configuration(call, backwardProducts), [queries('q'), keys('k'), keys('v'), statistics, queries('d'), queries('o')], [queries('dq'), keys('dk'), keys('dv')]);
}
