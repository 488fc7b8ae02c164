import sharp from 'sharp';
import {CANVAS} from './pen.ts';
import type {Scene} from './scene.ts';

/** Pixels. */
const PICTURE = 160;
const GAP = 8;
const FONT = 11;
const LINE = 13;
/** As many letters of that size as fit below a picture. */
const LETTERS_OF_LINE = 26;

/**
 * Pictures side by side with their captions below, as a PNG file. The letters are those of the machine: without any font installed
 * they are missing.
 * @param scenes as many as there are rows of `columns`; the last row may be shorter
 */
export async function contactSheet(scenes: readonly Scene[], {columns}: {columns: number}): Promise<Uint8Array> {
	const captions = scenes.map(({caption}) => wrap(caption));
	const rowHeight = PICTURE + LINE * Math.max(...captions.map(({length}) => length)) + 2 * GAP;
	const width = Math.min(columns, scenes.length) * (PICTURE + GAP) + GAP;
	const height = Math.ceil(scenes.length / columns) * rowHeight + GAP;
	const cells = scenes.map(({svg}, i) => {
		const place = `translate(${GAP + (i % columns) * (PICTURE + GAP)} ${GAP + Math.floor(i / columns) * rowHeight})`;
		// Captions are letters, spaces and commas: nothing in them has a meaning in XML.
		const lines = captions[i].map((line, row) => `<text y="${PICTURE + LINE * (row + 1)}">${line}</text>`);
		return `<g transform="${place}"><g transform="scale(${PICTURE / CANVAS})">${svg}</g>${lines.join('')}</g>`;
	});
	const sheet = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="${FONT}"><rect width="100%" height="100%" fill="#fff"/>${cells.join('')}</svg>`;
	return sharp(Buffer.from(sheet), {limitInputPixels: false}).removeAlpha().png().toBuffer();
}

/** Lines of whole words. */
function wrap(caption: string): string[] {
	const lines: string[] = [];
	for (const word of caption.split(' ')) {
		const line = lines.at(-1);
		if (line !== undefined && line.length + 1 + word.length <= LETTERS_OF_LINE) lines[lines.length - 1] = `${line} ${word}`;
		else lines.push(word);
	}
	return lines;
}
