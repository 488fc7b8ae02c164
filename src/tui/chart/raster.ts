import type {Column} from './series.ts';
import type {Scale} from './scale.ts';

/** Dots in a cell, and the character for each set of them. */
export interface DotSet {
	readonly width: number;
	readonly height: number;
	/** The bit of the dot at [x][y], y from the top. */
	readonly bits: readonly (readonly number[])[];
	readonly character: (bits: number) => string;
}

/** Unicode braille patterns: 2 x 4 dots. */
export const braille: DotSet = {
	width: 2,
	height: 4,
	bits: [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]],
	character: bits => String.fromCharCode(0x28_00 + bits),
};

/** One column, two heights, for terminals without UTF-8. */
export const asciiDots: DotSet = {
	width: 1,
	height: 2,
	bits: [[1, 2]],
	character: bits => ' \'.:'[bits]!,
};

/** The dots of a curve: one number of bits a cell, [rows][columns]. */
export type Raster = readonly Uint8Array[];

/** Draws each column from its lowest to its highest value, stretched to touch the column before, so that the curve hangs together. */
export function rasterize(columns: readonly Column[], scale: Scale, {rows, dots}: {rows: number; dots: DotSet}): Raster {
	const raster = Array.from({length: rows}, () => new Uint8Array(Math.ceil(columns.length / dots.width)));
	const last = rows * dots.height - 1;
	const dotRow = (value: number): number | undefined => {
		const place = scale.place(value);
		return place === undefined ? undefined : Math.round((1 - Math.min(1, Math.max(0, place))) * last);
	};

	let before: {top: number; bottom: number} | undefined;
	for (const [x, column] of columns.entries()) {
		const top = column && dotRow(column.high);
		if (top === undefined) {
			before = undefined;
			continue;
		}

		// On a log scale the lower end of a column may be zero: it reaches to the bottom.
		const own = {top, bottom: dotRow(column!.low) ?? last};
		const from = before ? Math.min(own.top, before.bottom + 1) : own.top;
		const to = before ? Math.max(own.bottom, before.top - 1) : own.bottom;
		for (let y = from; y <= to; y++) {
			raster[Math.floor(y / dots.height)]![Math.floor(x / dots.width)]! |= dots.bits[x % dots.width]![y % dots.height]!;
		}

		before = own;
	}

	return raster;
}
