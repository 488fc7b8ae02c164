import sharp from 'sharp';
import {CANVAS} from './pen.ts';

/** Drawn as one document: each document costs as much as two scenes. */
export const SCENES_AT_ONCE = 16;

/**
 * The pixels of each scene, [size, size, 3] in row order, 8-bit sRGB. A value on an edge may, now and
 * then, be one level off what the scene has alone.
 * @param size pixels along one side
 */
export async function renderScenes(svgs: readonly string[], size: number): Promise<Uint8Array[]> {
	const rendered: Uint8Array[] = [];
	for (let begin = 0; begin < svgs.length; begin += SCENES_AT_ONCE) rendered.push(...(await renderColumn(svgs.slice(begin, begin + SCENES_AT_ONCE), size)));
	return rendered;
}

export const renderScene = async (svg: string, size: number): Promise<Uint8Array> => (await renderScenes([svg], size))[0];

/** The scenes below each other: so the pixels of each follow those of the one before. */
async function renderColumn(svgs: readonly string[], size: number): Promise<Uint8Array[]> {
	const scale = size / CANVAS;
	const placed = svgs.map((svg, row) => `<g transform="translate(0 ${row * size}) scale(${scale})">${svg}</g>`);
	const column = `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${svgs.length * size}">${placed.join('')}</svg>`;
	const pixels = await sharp(Buffer.from(column), {limitInputPixels: false}).removeAlpha().raw().toBuffer();
	const length = size * size * 3;
	return svgs.map((_, row) => pixels.subarray(row * length, (row + 1) * length));
}
