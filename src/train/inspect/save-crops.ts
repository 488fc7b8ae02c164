import {existsSync} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import type {TrainingConfig} from '../../presets/index.ts';
import {DataError, loadImage, sizeName, writePng} from '../data/index.ts';
import type {InspectedImage} from './inspect-images.ts';

/**
 * Writes each image as the training sees it: a random crop as its first. Nothing that is there is overwritten.
 * @returns the files, in the order of the images
 * @throws DataError naming the file that is in the way, before anything is written
 */
export async function saveCrops(images: readonly InspectedImage[], folder: string, {crop, seed}: Pick<TrainingConfig, 'crop' | 'seed'>): Promise<string[]> {
	const absolute = path.resolve(folder);
	const digits = String(images.length).length;
	const files = images.map(({file, bucket}, i) => path.join(absolute, `${String(i + 1).padStart(digits, '0')}-${path.parse(file).name}-${sizeName(bucket)}.png`));
	const inTheWay = files.find(file => existsSync(file));
	if (inTheWay !== undefined) throw new DataError(`${inTheWay} is there already, and nothing is overwritten.`, {action: 'Choose another folder for the cropped images, or empty this one.'});
	await mkdir(absolute, {recursive: true});
	for (const [i, {file, bucket, instancePrompt}] of images.entries()) {
		const pixels = await loadImage(file, crop === 'random' ? {...bucket, crop, key: {seed, stream: 'crop', step: i, index: 0}} : {...bucket, crop: 'center'});
		await writePng(files[i], {...bucket, pixels}, {prompt: instancePrompt});
	}
	return files;
}
