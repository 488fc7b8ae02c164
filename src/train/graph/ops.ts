import type {Tensor} from '@tensorflow/tfjs';
import {loadRuntime, type Attribute} from '../runtime/index.ts';
import {TO_FLOAT32, TO_LOW, TO_SAME} from './autocast.ts';
import {FLOAT32, INT32} from './dtypes.ts';
import {execution} from './execution.ts';

/**
 * TensorFlow's operations, one function each, through the tfjs backend: they run eagerly or are traced like any tfjs kernel.
 * None of them has a gradient; the layers of `nn` do.
 */
export const op = (type: string, inputs: readonly Tensor[], attributes: readonly Attribute[] = []): Tensor => loadRuntime().backend.executeSingleOutput(type, attributes, inputs);

/** Kinds of attributes by the addon's numbers. */
export const attribute = {
	int: (name: string, value: number | readonly number[]): Attribute => ({name, type: loadRuntime().binding.TF_ATTR_INT, value}),
	bool: (name: string, value: boolean): Attribute => ({name, type: loadRuntime().binding.TF_ATTR_BOOL, value}),
	text: (name: string, value: string): Attribute => ({name, type: loadRuntime().binding.TF_ATTR_STRING, value}),
	floats: (name: string, value: readonly number[]): Attribute => ({name, type: loadRuntime().binding.TF_ATTR_FLOAT, value}),
	type: (name: string, value: number): Attribute => ({name, type: loadRuntime().binding.TF_ATTR_TYPE, value}),
};

const float = () => attribute.type('T', FLOAT32);
const index = (name: string) => attribute.type(name, INT32);

export const integers = (values: readonly number[]): Tensor => loadRuntime().tf.tensor1d([...values], 'int32');
export const integer = (value: number): Tensor => loadRuntime().tf.scalar(value, 'int32');
export const constant = (value: number): Tensor => loadRuntime().tf.scalar(value);
export const table = (values: Float32Array, shape: readonly number[]): Tensor => loadRuntime().tf.tensor(values, [...shape]);

/** A tensor of one value. */
export const filled = (shape: readonly number[], value: number): Tensor => op('Fill', [integers(shape), constant(value)], [float(), index('index_type')]);

/** Precision: autocast decides about arithmetic by itself; these are for the places where a layer knows better. */
export const toFloat32 = (x: Tensor): Tensor => op(TO_FLOAT32, [x]);
export const toLow = (x: Tensor): Tensor => op(TO_LOW, [x]);
export const toSameAs = (x: Tensor, y: Tensor): Tensor => op(TO_SAME, [x, y]);
/** int32 -> float32. */
export const toFloat = (x: Tensor): Tensor => op('Cast', [x], [attribute.type('SrcT', INT32), attribute.type('DstT', FLOAT32)]);

const binary = (type: string) => (x: Tensor, y: Tensor) => op(type, [x, y], [float()]);
export const add = binary('AddV2');
export const subtract = binary('Sub');
export const multiply = binary('Mul');
export const squaredDifference = binary('SquaredDifference');
/** dy·s·(1 − s), the gradient of a sigmoid with value s. */
export const sigmoidGradient = binary('SigmoidGrad');
export const divide = binary('RealDiv');
export const minimum = binary('Minimum');
export const maximum = binary('Maximum');
export const scaleBy = (x: Tensor, factor: number): Tensor => multiply(x, constant(factor));

const unary = (type: string) => (x: Tensor) => op(type, [x], [float()]);
export const square = unary('Square');
export const squareRoot = unary('Sqrt');
export const reciprocalSquareRoot = unary('Rsqrt');
export const sigmoid = unary('Sigmoid');
export const exponential = unary('Exp');
export const errorFunction = unary('Erf');
export const sine = unary('Sin');
export const cosine = unary('Cos');
export const softmax = unary('Softmax');
export const sign = unary('Sign');
export const absolute = unary('Abs');
/** Σ x² / 2. */
export const halfSquaredNorm = unary('L2Loss');

const reduction = (type: string) => (x: Tensor, axes: readonly number[], {keep = false} = {}) => op(type, [x, integers(axes)], [attribute.bool('keep_dims', keep), float(), index('Tidx')]);
export const sum = reduction('Sum');
export const mean = reduction('Mean');
export const maximumOver = reduction('Max');
export const allAxes = (x: Tensor): number[] => x.shape.map((_, axis) => axis);

export const reshape = (x: Tensor, shape: readonly number[]): Tensor => op('Reshape', [x, integers(shape)], [float(), index('Tshape')]);
export const transpose = (x: Tensor, axes: readonly number[]): Tensor => op('Transpose', [x, integers(axes)], [float(), index('Tperm')]);
export const slice = (x: Tensor, begin: readonly number[], size: readonly number[]): Tensor => op('Slice', [x, integers(begin), integers(size)], [float(), index('Index')]);
export const concat = (xs: readonly Tensor[], axis: number): Tensor => xs.length === 1 ? xs[0] : op('ConcatV2', [...xs, integer(axis)], [attribute.int('N', xs.length), float(), index('Tidx')]);
/** Consecutive pieces of a vector. */
export const split = (x: Tensor, sizes: readonly number[]): Tensor[] =>
	sizes.length === 1 ? [x] : loadRuntime().backend.executeMultipleOutputs('SplitV', [attribute.int('num_split', sizes.length), float(), index('Tlen')], [x, integers(sizes), integer(0)], sizes.length);
export const tile = (x: Tensor, multiples: readonly number[]): Tensor => op('Tile', [x, integers(multiples)], [float(), index('Tmultiples')]);
export const addAll = (xs: readonly Tensor[]): Tensor => (xs.length === 1 ? xs[0] : op('AddN', xs, [attribute.int('N', xs.length), float()]));
/** Rows of `x` along its first axis, in the order of `rows` (int32). */
export const gather = (x: Tensor, rows: Tensor): Tensor => op('GatherV2', [x, rows, integer(0)], [attribute.type('Tparams', FLOAT32), index('Tindices'), index('Taxis'), attribute.int('batch_dims', 0)]);

/** Zeros around x: per axis, how many before and after. */
export const pad = (x: Tensor, paddings: readonly (readonly [before: number, after: number])[]): Tensor =>
	op('Pad', [x, loadRuntime().tf.tensor2d(paddings.flat(), [paddings.length, 2], 'int32')], [float(), index('Tpaddings')]);

/** What a module computes: the type of its elements, the sizes. */
export interface ModuleOutput {
	readonly dtype: number;
	readonly shape: readonly number[];
}
/**
 * The function `main` of a module in StableHLO's text form (https://openxla.org/stablehlo/spec), which XLA compiles together with what is
 * around it. Only in functions compiled by XLA; `platform`: CUDA or CPU.
 */
export const stableHlo = (module: string, inputs: readonly Tensor[], outputs: readonly ModuleOutput[], platform: 'CUDA' | 'CPU' = 'CUDA'): Tensor[] =>
	loadRuntime().backend.executeMultipleOutputs(
		'XlaCallModule',
		[
			// The first version of the format that carries StableHLO as text and names platforms.
			attribute.int('version', 9),
			attribute.text('module', module),
			{name: 'Sout', type: 'shapes', value: outputs.map(({shape}) => shape)},
			{name: 'Tout', type: 'types', value: outputs.map(({dtype}) => dtype)},
			{name: 'platforms', type: 'strings', value: [platform]},
		],
		inputs,
		outputs.length,
	);

export interface Transposed {
	readonly transposeA?: boolean;
	readonly transposeB?: boolean;
}
/** [n, m] · [m, k]. */
export const matmul = (a: Tensor, b: Tensor, {transposeA = false, transposeB = false}: Transposed = {}): Tensor =>
	op('MatMul', [a, b], [attribute.bool('transpose_a', transposeA), attribute.bool('transpose_b', transposeB), float()]);
/** The same over all leading axes. */
export const batchMatmul = (a: Tensor, b: Tensor, {transposeA = false, transposeB = false}: Transposed = {}): Tensor =>
	op('BatchMatMulV2', [a, b], [attribute.bool('adj_x', transposeA), attribute.bool('adj_y', transposeB), float()]);

/** See Execution.hold. */
export const hold = (x: Tensor, after: Tensor): Tensor => execution().hold(x, after);
