const ESC = '\u001B';

/** 8-bit RGB, row by row, three bytes a pixel. */
export interface Pixels {
	readonly rgb: Uint8Array;
	readonly width: number;
	readonly height: number;
}

/**
 * Two pixels a cell: `▀` with the upper pixel as foreground and the lower as background.
 * pixels: [height, width] with an even height -> height / 2 rows of `width` columns, each ending with a reset.
 */
export function halfBlocks({rgb, width, height}: Pixels, {colors}: {colors: 256 | 16_777_216}): string[] {
	const colorAt = colors === 256 ? paletteColor : trueColor;
	const rows: string[] = [];
	for (let y = 0; y + 1 < height; y += 2) {
		let row = '';
		let shownUpper = '';
		let shownLower = '';
		for (let x = 0; x < width; x++) {
			const upper = colorAt(rgb, (y * width + x) * 3);
			const lower = colorAt(rgb, ((y + 1) * width + x) * 3);
			const codes = [];
			// A cell of one colour needs no foreground.
			if (upper !== lower && upper !== shownUpper) {
				codes.push(`38;${upper}`);
				shownUpper = upper;
			}

			if (lower !== shownLower) {
				codes.push(`48;${lower}`);
				shownLower = lower;
			}

			row += `${codes.length > 0 ? `${ESC}[${codes.join(';')}m` : ''}${upper === lower ? ' ' : '▀'}`;
		}

		rows.push(`${row}${ESC}[0m`);
	}

	return rows;
}

/** Dark to bright on a dark background. */
const RAMP = ' .:-=+*#%@';

/** Brightness alone, for terminals without UTF-8 or 256 colours. pixels: [height, width], even height -> height / 2 rows of `width` characters. */
export function shades({rgb, width, height}: Pixels): string[] {
	const rows: string[] = [];
	for (let y = 0; y + 1 < height; y += 2) {
		let row = '';
		for (let x = 0; x < width; x++) {
			const brightness = (luma(rgb, (y * width + x) * 3) + luma(rgb, ((y + 1) * width + x) * 3)) / 2;
			row += RAMP[Math.min(RAMP.length - 1, Math.floor(brightness * RAMP.length))];
		}

		rows.push(row);
	}

	return rows;
}

/** ITU-R BT.709 weights on the encoded values, 0..1. */
function luma(rgb: Uint8Array, at: number): number {
	return (0.2126 * (rgb[at] ?? 0) + 0.7152 * (rgb[at + 1] ?? 0) + 0.0722 * (rgb[at + 2] ?? 0)) / 255;
}

function trueColor(rgb: Uint8Array, at: number): string {
	return `2;${rgb[at]};${rgb[at + 1]};${rgb[at + 2]}`;
}

/** The levels of xterm's 6x6x6 cube (colours 16..231); 232..255 are greys 8, 18, ... 238. */
const LEVELS = [0, 95, 135, 175, 215, 255] as const;

function paletteColor(rgb: Uint8Array, at: number): string {
	return `5;${nearestPaletteColor(rgb[at] ?? 0, rgb[at + 1] ?? 0, rgb[at + 2] ?? 0)}`;
}

/** The colour of xterm's 256 (without the first 16, which people redefine) that is nearest in RGB. */
export function nearestPaletteColor(red: number, green: number, blue: number): number {
	const [r, g, b] = [nearestLevel(red), nearestLevel(green), nearestLevel(blue)];
	const grey = Math.max(0, Math.min(23, Math.round(((red + green + blue) / 3 - 8) / 10)));
	const greyValue = 8 + 10 * grey;
	const cubeError = (red - LEVELS[r]!) ** 2 + (green - LEVELS[g]!) ** 2 + (blue - LEVELS[b]!) ** 2;
	const greyError = (red - greyValue) ** 2 + (green - greyValue) ** 2 + (blue - greyValue) ** 2;
	return greyError < cubeError ? 232 + grey : 16 + 36 * r + 6 * g + b;
}

function nearestLevel(value: number): number {
	return value < 48 ? 0 : value < 115 ? 1 : Math.min(5, Math.floor((value - 35) / 40));
}
