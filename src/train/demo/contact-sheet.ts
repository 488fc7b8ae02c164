import type {Picture} from './thumbnail.ts';

/** Pictures of one size side by side on white, `columns` in a row, `gap` pixels around each. */
export function contactSheet(pictures: readonly Picture[], {columns, gap = 2}: {columns: number; gap?: number}): Picture {
	const [size] = pictures;
	const rows = Math.ceil(pictures.length / columns);
	const width = columns * (size.width + gap) + gap;
	const height = rows * (size.height + gap) + gap;
	const pixels = new Uint8Array(width * height * 3).fill(255);
	for (const [i, picture] of pictures.entries()) {
		const left = gap + (i % columns) * (size.width + gap);
		const top = gap + Math.floor(i / columns) * (size.height + gap);
		for (let y = 0; y < size.height; y++) {
			const line = picture.pixels.subarray(y * size.width * 3, (y + 1) * size.width * 3);
			pixels.set(line, ((top + y) * width + left) * 3);
		}
	}
	return {width, height, pixels};
}
