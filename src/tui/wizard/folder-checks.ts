import path from 'node:path';
import {absolutePath, BaseModelError, listImages, readModelFacts} from '../../presets/index.ts';
import type {Notice} from '../page.tsx';

/** Beyond this many images are not opened: a check while typing must stay quick. */
const MOST_OPENED = 100;
const OPENED_AT_ONCE = 4;

/** What a person wants to know of a folder of photos: how many, how large, and what will be skipped. `resolution` in pixels. */
export async function checkImageFolder(folder: string, resolution: number): Promise<readonly Notice[]> {
	const absolute = absolutePath(folder);
	try {
		const {images, others} = await listImages(absolute);
		const sizes = await sizesOf(absolute, images.slice(0, MOST_OPENED));
		const damaged = images.filter((_, index) => index < sizes.length && sizes[index] === undefined);
		const small = images.filter((_, index) => (sizes[index] ?? Infinity) < resolution);
		const good = images.length - damaged.length;
		return [
			good === 0 ? {text: images.length + others.length === 0 ? 'This folder is empty.' : 'There is no usable image in this folder.', look: 'bad'} : {text: `${count(good, 'image')}${advice(good)}`, look: good < 3 ? 'warn' : 'ok'},
			...warning(damaged, 'cannot be read and will be skipped'),
			...warning(others, 'is no image and will be skipped', 'are no images and will be skipped'),
			...warning(small, `is smaller than ${resolution} pixels and would be blurred`, `are smaller than ${resolution} pixels and would be blurred`),
		];
	} catch (error) {
		return [{text: faults[(error as NodeJS.ErrnoException).code ?? ''] ?? `This folder cannot be read: ${error instanceof Error ? error.message : String(error)}`, look: 'bad'}];
	}
}

const faults: Readonly<Record<string, string>> = {
	ENOENT: 'There is no such folder.',
	ENOTDIR: 'This is a file, not a folder.',
	EACCES: 'You may not read this folder.',
};

/** The shorter side of each image in pixels, undefined for what cannot be read. */
async function sizesOf(folder: string, images: readonly string[]): Promise<readonly (number | undefined)[]> {
	const {default: sharp} = await import('sharp');
	const sizes: (number | undefined)[] = [];
	for (let begin = 0; begin < images.length; begin += OPENED_AT_ONCE) {
		sizes.push(...await Promise.all(images.slice(begin, begin + OPENED_AT_ONCE).map(async image => {
			try {
				const file = sharp(path.join(folder, image), {failOn: 'error'});
				const {width, height} = await file.metadata();
				// To its end, or a file that broke off would pass; JPEG is read at an eighth of its size.
				await file.resize(16, 16, {fit: 'fill'}).raw().toBuffer();
				return Math.min(width, height);
			} catch {
				return undefined;
			}
		})));
	}

	return sizes;
}

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
const advice = (images: number): string => (images < 3 ? ': few; 5 to 20 varied ones are best' : images > 50 ? ': many; 5 to 20 varied ones are enough' : '');

function warning(files: readonly string[], isWrong: string, areWrong = isWrong.replace('is ', 'are ')): readonly Notice[] {
	const [first] = files;
	return first === undefined ? [] : [{text: files.length === 1 ? `${first} ${isWrong}` : `${files.length} files ${areWrong}: ${files.join(', ')}`, look: 'warn'}];
}

/** What kind of model a path holds, or why it is none. */
export async function checkBaseModel(name: string): Promise<readonly Notice[]> {
	try {
		const {resolution, prediction, parameters, ema} = readModelFacts(name);
		const size = parameters ? `, ${formatMillions(parameters.unet + parameters.textEncoder)} parameters` : '';
		return [{text: `Stable Diffusion for ${resolution} pixels${size}${prediction === 'epsilon' ? '' : `, ${prediction === 'v_prediction' ? 'v-prediction' : 'sample prediction'}`}${ema ? ', with averaged (EMA) weights' : ''}`, look: 'ok'}];
	} catch (error) {
		if (error instanceof BaseModelError) {
			return [{text: error.message, look: 'bad'}];
		}

		throw error;
	}
}

const formatMillions = (parameters: number): string => (parameters >= 1e8 ? `${Math.round(parameters / 1e6)} M` : `${(parameters / 1e6).toFixed(1)} M`);
