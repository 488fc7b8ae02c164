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
	const shares = ops.divide(values, ops.reshape(divisor, [absmax.shape[0], 1]));
	const numbers = execution().mode === 'xla' ? lookedUp(shares, values, kind) : counted(shares, values, kind);
	state.assign(codes, op('Cast', [numbers], [attribute.type('SrcT', INT32), attribute.type('DstT', UINT8)]));
	state.assign(absmax, largest);
}

/** Half-way between neighbours. */
const bordersOf = (kind: keyof typeof MAPS): number[] => Array.from({length: MAPS[kind].length - 1}, (_, i) => Math.fround((MAPS[kind][i] + MAPS[kind][i + 1]) / 2));

/** The entry that stands for 0 in the signed table. A negative value that is nearest to it takes the one before, so that no sign is lost. */
const ZERO = 127;

/** The numbers of the nearest entries: how many borders are at most the value. `values` have the sign of `shares`, which may be too small to have one. */
function counted(shares: Tensor, values: Tensor, kind: keyof typeof MAPS): Tensor {
	const numbers = op('Bucketize', [shares], [attribute.type('T', FLOAT32), attribute.floats('boundaries', bordersOf(kind))]);
	if (kind === 'unsigned') return numbers;
	const negative = ops.maximum(ops.scaleBy(ops.sign(values), -1), ops.constant(0));
	const steps = ops.multiply(negative, ops.maximum(ops.sign(ops.subtract(ops.toFloat(numbers), ops.constant(ZERO - 1))), ops.constant(0)));
	return op('Sub', [numbers, op('Cast', [steps], [attribute.type('SrcT', FLOAT32), attribute.type('DstT', INT32)])], integers());
}

const integers = () => [attribute.type('T', INT32)];

/** Magnitudes that begin with the same bits, exponent and seven more: so few that between two of them lies one border at most. */
const CELL_BITS = 16;
/** As integers, which have the order of the magnitudes. */
const bitsOf = (magnitudes: readonly number[]): Int32Array => new Int32Array(Float32Array.from(magnitudes).buffer);
const cellOf = (magnitude: number): number => bitsOf([magnitude])[0] >> CELL_BITS;
const CELL_SIZE = 2 ** CELL_BITS;
/** Neither here nor below lies a border. */
const FIRST_CELL = cellOf(2 ** -23) - 1;
const CELLS = cellOf(1) - FIRST_CELL + 1;

/**
 * The same for XLA, which makes Bucketize of comparisons with every border. The first bits of a magnitude say where there is an entry for it in a
 * table: the number that magnitudes just below those that begin so have, and from which further bits on it is the next one. (A search by halves finds
 * it, too, but its lookups hang on one another: XLA takes minutes to join them. And XLA's program has the table once for each use, so that there is one,
 * for both signs.)
 */
function lookedUp(shares: Tensor, values: Tensor, kind: keyof typeof MAPS): Tensor {
	const asInteger = (condition: Tensor) => op('Cast', [condition], [attribute.type('SrcT', BOOL), attribute.type('DstT', INT32)]);
	const integer = (type: string, x: Tensor | number, y: Tensor | number) => op(type, [x, y].map(z => (typeof z === 'number' ? ops.integer(z) : z)), integers());
	const between = (x: Tensor, least: number, most: number) => integer('Minimum', integer('Maximum', x, least), most);
	const bits = op('Bitcast', [ops.absolute(shares)], [attribute.type('T', FLOAT32), attribute.type('type', INT32)]);
	const cell = between(integer('Sub', integer('RightShift', bits, CELL_BITS), FIRST_CELL), 0, CELLS - 1);
	const entry = op('GatherV2', [ops.integers([...CELL_TABLES[kind]]), cell, ops.integer(0)], [attribute.type('Tparams', INT32), attribute.type('Tindices', INT32), attribute.type('Taxis', INT32), attribute.int('batch_dims', 0)]);
	const [number, border, further] = [integer('RightShift', entry, CELL_BITS + 1), integer('BitwiseAnd', entry, 2 * CELL_SIZE - 1), integer('BitwiseAnd', bits, CELL_SIZE - 1)];
	const numberFrom = (bits: Tensor) => integer('AddV2', number, asInteger(op('LessEqual', [border, bits], [attribute.type('T', INT32)])));
	if (kind === 'unsigned') return numberFrom(further);
	// Half-way between two entries the upper one is taken: of negative values the one that is nearer to 0.
	const isNegative = asInteger(op('Less', [values, ops.constant(0)], [attribute.type('T', FLOAT32)]));
	const ofMagnitude = numberFrom(integer('Sub', further, isNegative));
	const mirrored = between(integer('Sub', 2 * ZERO, ofMagnitude), 0, ZERO - 1);
	return integer('AddV2', ofMagnitude, integer('Mul', isNegative, integer('Sub', mirrored, ofMagnitude)));
}

/** Of each cell: the number of magnitudes just below · 2¹⁷ + the further bits of the first one that has the next number (2¹⁶: none). */
const CELL_TABLES: Readonly<Record<keyof typeof MAPS, Int32Array>> = {signed: cellTable('signed'), unsigned: cellTable('unsigned')};

function cellTable(kind: keyof typeof MAPS): Int32Array {
	const borders = bordersOf(kind);
	const smallest = borders.findIndex(border => border > 0);
	const bits = bitsOf(borders.slice(smallest));
	let passed = 0;
	return Int32Array.from({length: CELLS}, (_, i) => {
		const first = (FIRST_CELL + i) * CELL_SIZE;
		while (bits[passed] < first) passed++;
		const next = Math.min((bits[passed] ?? Infinity) - first, CELL_SIZE);
		return (smallest + passed) * 2 * CELL_SIZE + next;
	});
}
