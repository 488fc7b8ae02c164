import sharp from 'sharp';
import {asset} from '../../../src/presets/index.ts';
import type {Picture} from '../../../src/train/demo/index.ts';

/** One of the demo's five instance photos, by its number from 1. */
export const photo = async (number: number): Promise<Picture> => pictureOf(asset('demo', 'photos', `robot-${number}.png`));

export async function pictureOf(file: string): Promise<Picture> {
	const {data, info} = await sharp(file).removeAlpha().raw().toBuffer({resolveWithObject: true});
	return {width: info.width, height: info.height, pixels: data};
}

/** Any number of pixels from a formula of their place. */
export function drawn({width, height}: {width: number; height: number}, colour: (x: number, y: number) => readonly [number, number, number]): Picture {
	const pixels = new Uint8Array(width * height * 3);
	for (let y = 0; y < height; y++) {
		for (let x = 0; x < width; x++) pixels.set(colour(x, y), (y * width + x) * 3);
	}
	return {width, height, pixels};
}

/** Colours that run across it; the reference measured this one, too. */
export const rainbow: Picture = drawn({width: 128, height: 128}, (x, y) => [(2 * x) % 256, (2 * y) % 256, (x + y) % 256]);
