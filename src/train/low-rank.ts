import type {Tensor, Tensor2D} from '@tensorflow/tfjs';
import {normals} from './random.ts';
import {loadRuntime, type Attribute} from './runtime/index.ts';

/** up · down ≈ a matrix. */
export interface LowRank {
	/** [rows, rank]. */
	readonly up: Float32Array;
	/** [rank, columns]. */
	readonly down: Float32Array;
	/** The matrix's largest singular values, falling. */
	readonly singularValues: Float32Array;
}

/** More directions than asked for, and rounds through the matrix and its transpose: Halko, Martinsson & Tropp 2011, algorithms 4.3 and 4.4. */
const OVERSAMPLING = 8;
const ROUNDS = 3;

/**
 * The best approximation of a matrix by one of this rank, by a randomised singular value decomposition: the matrix is multiplied with
 * a few random directions, so a layer takes a fraction of a second where the whole decomposition takes many. The singular values are
 * shared between the two factors.
 * @param values row-major, [rows, columns]
 * @param rank at most the smaller side
 */
export function lowRank(values: Float32Array, [rows, columns]: readonly [number, number], {rank, seed = 0}: {rank: number; seed?: number}): LowRank {
	const {tf} = loadRuntime();
	const width = Math.min(rank + OVERSAMPLING, rows, columns);
	return tf.tidy(() => {
		const matrix = tf.tensor2d(values, [rows, columns]);
		const times = (a: Tensor, b: Tensor): Tensor2D => tf.matMul(a as Tensor2D, b as Tensor2D);
		let basis = orthonormal(times(matrix, tf.tensor2d(normals(columns * width, {seed, stream: 'directions'}), [columns, width])));
		for (let round = 0; round < ROUNDS; round++) {
			const back = orthonormal(tf.matMul(matrix, basis as Tensor2D, true));
			basis = orthonormal(times(matrix, back));
		}
		const [sizes, left, right] = decomposed(tf.matMul(basis as Tensor2D, matrix, true));
		const kept = tf.slice(sizes, [0], [rank]);
		const root = tf.sqrt(kept);
		const up = tf.mul(tf.slice(times(basis, left), [0, 0], [rows, rank]), root);
		const down = tf.transpose(tf.mul(tf.slice(right as Tensor2D, [0, 0], [columns, rank]), root));
		const read = (tensor: Tensor) => tensor.dataSync() as Float32Array;
		return {up: read(up), down: read(down), singularValues: read(kept)};
	});
}

const float = (): Attribute => ({name: 'T', type: loadRuntime().binding.TF_ATTR_TYPE, value: 1});
const flag = (name: string, value: boolean): Attribute => ({name, type: loadRuntime().binding.TF_ATTR_BOOL, value});

/** Columns that are perpendicular to each other, of length 1, and span the same. */
const orthonormal = (x: Tensor): Tensor => loadRuntime().backend.executeMultipleOutputs('Qr', [float(), flag('full_matrices', false)], [x], 2)[0];

/** Singular values, left and right singular vectors in columns. */
const decomposed = (x: Tensor): Tensor[] => loadRuntime().backend.executeMultipleOutputs('Svd', [float(), flag('compute_uv', true), flag('full_matrices', false)], [x], 3);
