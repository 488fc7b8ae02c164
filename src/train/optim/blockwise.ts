import type {Tensor} from '@tensorflow/tfjs';
import {attribute, BOOL, execution, FLOAT32, INT32, op, ops, UINT8, type State, type Variable} from '../graph/index.ts';
import type {Member, Slot} from './optimizer.ts';

/**
 * State in 8 bits (Dettmers et al. 2022, "8-bit optimizers via block-wise quantization"): values are cut into blocks, each
 * divided by its largest magnitude, and kept as the number of the nearest entry of a fixed table.
 */

/** Values of a block. */
export const BLOCK = 256;
/** Smaller tensors stay in 32 bits. */
export const SMALLEST = 4096;

/**
 * Whether the state of a variable is quantized. Tensors that share one are arranged so that each begins at a block's
 * boundary, and small ones among themselves (Parameters): the first speaks for all.
 */
export const isQuantized = (members: readonly Member[]): boolean => members[0].size >= SMALLEST;

export const MAPS = {
	/** Of values of either sign: 127 stands for 0, 255 for 1. */
	signed: dynamicMap({signed: true}),
	/** Of values from 0: 0 stands for 0, 255 for 1. */
	unsigned: dynamicMap({signed: false}),
} as const;

/** Decades 10⁻⁶ … 1, each cut twice as finely as the one below; the middles of the cuts, 0 and 1, in order. */
function dynamicMap({signed}: {signed: boolean}): Float32Array {
	const positive: number[] = [];
	for (let decade = 0; decade <= 6; decade++) {
		const cuts = 2 ** (signed ? decade : decade + 1);
		for (let i = 0; i < cuts; i++) positive.push(10 ** (decade - 6) * (0.1 + (0.9 * (i + 0.5)) / cuts));
	}
	return Float32Array.from([...(signed ? positive.map(value => -value) : []), 0, ...positive, 1]).sort();
}

const blocksOf = (size: number): number => Math.ceil(size / BLOCK);

/** The two variables of a quantized value: codes [blocks, 256] and each block's largest magnitude. */
export function quantizedSlots(name: string, size: number, kind: keyof typeof MAPS): readonly [codes: Slot, absmax: Slot] {
	return [
		{name: `codes_${name}`, shape: [blocksOf(size), BLOCK], dtype: UINT8, fill: kind === 'signed' ? 127 : 0},
		{name: `absmax_${name}`, shape: [blocksOf(size)], dtype: FLOAT32, fill: 0},
	];
}

/** Values of any shape as [blocks, 256], zeros after the last. */
export function inBlocks(x: Tensor): Tensor {
	const blocks = blocksOf(x.size);
	const flat = ops.reshape(x, [x.size]);
	const missing = blocks * BLOCK - x.size;
	return ops.reshape(missing > 0 ? ops.concat([flat, ops.filled([missing], 0)], 0) : flat, [blocks, BLOCK]);
}

/** And back. */
export const outOfBlocks = (blocks: Tensor, shape: readonly number[]): Tensor => {
	const size = shape.reduce((product, n) => product * n, 1);
	const flat = ops.reshape(blocks, [blocks.size]);
	return ops.reshape(blocks.size > size ? ops.slice(flat, [0], [size]) : flat, shape);
};

/**
 * Table values of the codes times their block's magnitude: [blocks, 256]. Not before `after` is there: a graph would unpack the
 * state of all parameters before the forward pass, and hold it in 32 bits all through it.
 */
export function dequantized(state: State, codes: Variable, absmax: Variable, kind: keyof typeof MAPS, {after}: {after: Tensor}): Tensor {
	const numbers = op('Cast', [ops.hold(state.read(codes), after)], [attribute.type('SrcT', UINT8), attribute.type('DstT', INT32)]);
	const values = ops.gather(ops.table(MAPS[kind], [MAPS[kind].length]), numbers);
	return ops.multiply(values, ops.reshape(state.read(absmax), [absmax.shape[0], 1]));
}

/** Writes values [blocks, 256] into their two variables. */
export function quantize(state: State, values: Tensor, codes: Variable, absmax: Variable, kind: keyof typeof MAPS): void {
	const largest = ops.maximumOver(ops.absolute(values), [1]);
	// A block of zeros is divided by 1.
	const divisor = ops.add(largest, ops.subtract(ops.constant(1), ops.sign(largest)));
	const numbers = nearest(ops.divide(values, ops.reshape(divisor, [absmax.shape[0], 1])), kind);
	state.assign(codes, op('Cast', [kind === 'signed' ? withSign(numbers, values) : numbers], [attribute.type('SrcT', INT32), attribute.type('DstT', UINT8)]));
	state.assign(absmax, largest);
}

/** The number of the nearest entry. */
function nearest(values: Tensor, kind: keyof typeof MAPS): Tensor {
	const map = MAPS[kind];
	const borders = Array.from({length: map.length - 1}, (_, i) => Math.fround((map[i] + map[i + 1]) / 2));
	if (execution().mode === 'xla') return bisected(values, borders);
	return op('Bucketize', [values], [attribute.type('T', FLOAT32), attribute.floats('boundaries', borders)]);
}

/** How many of the borders, 2ⁿ − 1 in rising order, are at most the value. XLA makes Bucketize of comparisons with every border: this has n. */
function bisected(values: Tensor, borders: readonly number[]): Tensor {
	const table = ops.table(Float32Array.from(borders), [borders.length]);
	const integers = [attribute.type('T', INT32)];
	let below = op('Cast', [op('ZerosLike', [values], [attribute.type('T', FLOAT32)])], [attribute.type('SrcT', FLOAT32), attribute.type('DstT', INT32)]);
	for (let step = (borders.length + 1) / 2; step >= 1; step /= 2) {
		const border = ops.gather(table, op('AddV2', [below, ops.integer(step - 1)], integers));
		const isBelow = op('LessEqual', [border, values], [attribute.type('T', FLOAT32)]);
		below = op('AddV2', [below, op('Mul', [op('Cast', [isBelow], [attribute.type('SrcT', BOOL), attribute.type('DstT', INT32)]), ops.integer(step)], integers)], integers);
	}
	return below;
}

/** A negative value that is nearest to 0 takes the entry before it, so that no sign is lost. The table has 0 at 127. */
function withSign(numbers: Tensor, values: Tensor): Tensor {
	const negative = ops.maximum(ops.scaleBy(ops.sign(values), -1), ops.constant(0));
	const beyond = ops.subtract(ops.toFloat(numbers), ops.constant(126));
	const steps = ops.multiply(negative, ops.maximum(ops.sign(beyond), ops.constant(0)));
	return op('Sub', [numbers, op('Cast', [steps], [attribute.type('SrcT', FLOAT32), attribute.type('DstT', INT32)])], [attribute.type('T', INT32)]);
}
