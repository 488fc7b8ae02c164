import type {Tensor} from '@tensorflow/tfjs';
import {ops} from '../graph/index.ts';
import {differentiable} from './differentiable.ts';

/** x + y; y may have fewer leading axes than x. */
export function add(x: Tensor, y: Tensor): Tensor {
	const missing = x.rank - y.rank;
	return differentiable([x, y], (_, a, b) => ops.add(a, b), dy => [dy, missing === 0 ? dy : ops.toLow(ops.sum(ops.toFloat32(dy), leading(missing)))]);
}

/** x · factor. */
export const scale = (x: Tensor, factor: number): Tensor => differentiable([x], (_, a) => ops.scaleBy(a, factor), dy => [ops.scaleBy(dy, factor)]);

/** The same values in another shape. */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
	const before = x.shape;
	return differentiable([x], (_, a) => ops.reshape(a, shape), dy => [ops.reshape(dy, before)]);
}

/** x: [batch, height, width, channels], perChannel: [batch, channels] -> as x. */
export function addPerChannel(x: Tensor, perChannel: Tensor): Tensor {
	const [batch, , , channels] = x.shape;
	return differentiable(
		[x, perChannel],
		(_, a, t) => ops.add(a, ops.toSameAs(ops.reshape(t, [batch, 1, 1, channels]), a)),
		dy => [dy, ops.toLow(ops.sum(ops.toFloat32(dy), [1, 2]))],
	);
}

/** Joins along the last axis. */
export function concatChannels(x: Tensor, y: Tensor): Tensor {
	const axis = x.rank - 1;
	const outer = x.shape.slice(0, -1);
	const [left, right] = [x.shape[axis], y.shape[axis]];
	return differentiable(
		[x, y],
		(_, a, b) => ops.concat([ops.toLow(a), ops.toLow(b)], axis),
		dy => [ops.slice(dy, outer.map(() => 0).concat(0), [...outer, left]), ops.slice(dy, outer.map(() => 0).concat(left), [...outer, right])],
	);
}

/** `count` rows of the first axis from `begin`. */
export function sliceRows(x: Tensor, begin: number, count: number): Tensor {
	const [rows, ...inner] = x.shape;
	return differentiable(
		[x],
		(_, a) => ops.slice(a, [begin, ...inner.map(() => 0)], [count, ...inner]),
		dy => [ops.op('Pad', [dy, pairs([[begin, rows - begin - count], ...inner.map(() => [0, 0] as const)])], [ops.attribute.type('T', 1), ops.attribute.type('Tpaddings', 3)])],
	);
}

/** Each pixel becomes a 2x2 block. x: [batch, height, width, channels] -> [batch, 2·height, 2·width, channels]. */
export function upsampleNearest2(x: Tensor): Tensor {
	const [batch, height, width, channels] = x.shape;
	return differentiable(
		[x],
		(_, a) => ops.reshape(ops.tile(ops.reshape(a, [batch, height, 1, width, 1, channels]), [1, 1, 2, 1, 2, 1]), [batch, 2 * height, 2 * width, channels]),
		dy => [ops.toLow(ops.sum(ops.toFloat32(ops.reshape(dy, [batch, height, 2, width, 2, channels])), [2, 4]))],
	);
}

/**
 * Nearest neighbour to an explicit size, as torch does it (source pixel = floor(i · in / out)).
 * x: [batch, height, width, channels] -> [batch, ...size, channels].
 */
export function resizeNearest(x: Tensor, size: readonly [height: number, width: number]): Tensor {
	const [batch, height, width, channels] = x.shape;
	if (size[0] === height && size[1] === width) return x;
	const choose = (from: number, to: number) => ops.table(Float32Array.from({length: to * from}, (_, k) => (Math.floor((Math.floor(k / from) * from) / to) === k % from ? 1 : 0)), [to, from]);
	const along = (value: Tensor, matrix: Tensor, axis: 1 | 2, transposeA: boolean) => {
		const order = axis === 1 ? [1, 0, 2, 3] : [2, 0, 1, 3];
		const moved = ops.transpose(value, order);
		const [first, ...rest] = moved.shape;
		const result = ops.matmul(matrix, ops.reshape(moved, [first, rest.reduce((a, b) => a * b, 1)]), {transposeA});
		const back = axis === 1 ? [1, 0, 2, 3] : [1, 2, 0, 3];
		return ops.transpose(ops.reshape(result, [result.shape[0], ...rest]), back);
	};
	return differentiable(
		[x],
		(_, a) => ops.reshape(along(along(a, choose(height, size[0]), 1, false), choose(width, size[1]), 2, false), [batch, ...size, channels]),
		dy => [ops.reshape(along(along(dy, choose(height, size[0]), 1, true), choose(width, size[1]), 2, true), [batch, height, width, channels])],
	);
}

/**
 * Sinusoidal position of a timestep. timesteps: [batch] float32 -> [batch, width]; frequencies
 * exp(−ln(10000)·i / (width/2 − frequencyShift)); `flipSinToCos` puts the cosines first. No gradient.
 */
export function sinusoidal(timesteps: Tensor, {width, flipSinToCos, frequencyShift}: {width: number; flipSinToCos: boolean; frequencyShift: number}): Tensor {
	const half = Math.floor(width / 2);
	const frequencies = Float32Array.from({length: half}, (_, i) => Math.exp((-Math.log(10_000) * i) / (half - frequencyShift)));
	const angles = ops.multiply(ops.reshape(timesteps, [timesteps.shape[0], 1]), ops.table(frequencies, [1, half]));
	const parts = flipSinToCos ? [ops.cosine(angles), ops.sine(angles)] : [ops.sine(angles), ops.cosine(angles)];
	return ops.concat(parts, 1);
}

const leading = (count: number) => Array.from({length: count}, (_, axis) => axis);
const pairs = (values: readonly (readonly [number, number])[]) => ops.reshape(ops.integers(values.flat()), [values.length, 2]);
