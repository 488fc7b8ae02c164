import {normals, type RandomKey} from './random.ts';

/** Independent draws from N(0, 1): `count` for each key, one after another. */
export interface NoiseRequest {
	readonly count: number;
	readonly keys: readonly RandomKey[];
}

export const drawNoise = ({count, keys}: NoiseRequest): Float32Array => {
	const drawn = new Float32Array(count * keys.length);
	keys.forEach((key, i) => drawn.set(normals(count, key), i * count));
	return drawn;
};
