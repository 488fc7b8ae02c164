/** 8-bit RGB, [height, width, 3] in row order. */
export interface Picture {
	readonly width: number;
	readonly height: number;
	readonly pixels: Uint8Array;
}

/** Pixels along one side of what the demo's measures look at. */
export const SIDE = 64;

/** Any picture as [64, 64, 3] in 0 ... 1, each value the mean of the area that it covers. */
export function thumbnail({width, height, pixels}: Picture): Float32Array {
	return shrink(Float32Array.from(pixels, value => value / 255), {width, height, channels: 3});
}

/** Means over equal areas: [height, width, channels] -> [64, 64, channels]. */
export function shrink(values: Float32Array, {width, height, channels}: {width: number; height: number; channels: number}): Float32Array {
	const columns = covered(width);
	const rows = covered(height);
	const small = new Float32Array(SIDE * SIDE * channels);
	for (let y = 0; y < SIDE; y++) {
		for (let x = 0; x < SIDE; x++) {
			for (const {at: row, share: high} of rows[y]) {
				for (const {at: column, share: wide} of columns[x]) {
					for (let channel = 0; channel < channels; channel++) {
						small[(y * SIDE + x) * channels + channel] += high * wide * values[(row * width + column) * channels + channel];
					}
				}
			}
		}
	}
	return small;
}

/** For each of the 64 parts of a side of `length` pixels, the pixels in it with their shares of the part, which add up to 1. */
function covered(length: number): {at: number; share: number}[][] {
	return Array.from({length: SIDE}, (_, i) => {
		const [begin, end] = [i, i + 1].map(part => (part * length) / SIDE);
		const first = Math.floor(begin);
		return Array.from({length: Math.ceil(end) - first}, (_, k) => ({
			at: first + k,
			share: (Math.min(end, first + k + 1) - Math.max(begin, first + k)) / (end - begin),
		}));
	});
}
