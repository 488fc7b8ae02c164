import {writeFile} from 'node:fs/promises';
import {createHash} from 'node:crypto';
import {describe, expect, test} from 'vitest';
import {imageHash, loadImage} from '../../../src/train/data/index.ts';
import {gradient, temporaryFolder} from './folder.ts';
import sharp from 'sharp';

const folder = temporaryFolder();
const bytesOf = (image: Float32Array) => [...image].map(value => Math.round((value + 1) * 127.5));

describe('loadImage', () => {
	test('an image that has the size already keeps every pixel', async () => {
		await gradient(8, 6).png().toFile(folder.file('a.png'));
		const raw = await gradient(8, 6).raw().toBuffer();
		expect(bytesOf(await loadImage(folder.file('a.png'), {width: 8, height: 6, crop: 'center'}))).toEqual([...raw]);
	});

	// Without scaling the crop alone decides: 1 too many → 0 left, 3 → 2, 5 → 2, as Python rounds halves.
	test.each([[9, 0], [10, 1], [11, 2], [12, 2], [13, 2]])('the centre crop of %s columns to 8 begins at column %s', async (width, first) => {
		await gradient(width, 8).png().toFile(folder.file('a.png'));
		const raw = await gradient(width, 8).extract({left: first, top: 0, width: 8, height: 8}).raw().toBuffer();
		expect(bytesOf(await loadImage(folder.file('a.png'), {width: 8, height: 8, crop: 'center'}))).toEqual([...raw]);
	});

	test('fills a target of other proportions in both directions', async () => {
		await sharp({create: {width: 40, height: 30, channels: 3, background: 'red'}}).png().toFile(folder.file('a.png'));
		for (const [width, height] of [[64, 16], [16, 64], [7, 5]]) {
			const image = await loadImage(folder.file('a.png'), {width, height, crop: 'center'});
			expect(image).toEqual(Float32Array.from({length: width * height * 3}, (_, i) => (i % 3 === 0 ? 1 : -1)));
		}
	});

	test('a random crop is a part of the image that depends on the key alone, and reaches both ends', async () => {
		await gradient(12, 8).png().toFile(folder.file('a.png'));
		const crops = await Promise.all(
			Array.from({length: 5}, async (_, left) => (await gradient(12, 8).extract({left, top: 0, width: 8, height: 8}).raw().toBuffer()).join()),
		);
		const draw = async (step: number) => bytesOf(await loadImage(folder.file('a.png'), {width: 8, height: 8, crop: 'random', key: {seed: 1, stream: 'crop', step}})).join();
		const seen = await Promise.all(Array.from({length: 60}, (_, step) => draw(step)));
		expect(new Set(seen)).toEqual(new Set(crops));
		expect(await draw(3)).toBe(seen[3]);
	});

	test('flipped is the mirror image, also when the crop cannot be in the middle', async () => {
		await gradient(11, 8).png().toFile(folder.file('a.png'));
		const size = {width: 8, height: 8, crop: 'center'} as const;
		const image = await loadImage(folder.file('a.png'), size);
		const mirrored = await loadImage(folder.file('a.png'), {...size, flip: true});
		const column = (pixels: Float32Array, x: number) => [...pixels].filter((_, i) => Math.floor(i / 3) % 8 === x);
		for (let x = 0; x < 8; x++) expect(column(mirrored, x)).toEqual(column(image, 7 - x));
	});

	test('a file that is no image is an error with its name and what to do', async () => {
		await writeFile(folder.file('a.png'), 'text');
		await expect(loadImage(folder.file('a.png'), {width: 8, height: 8, crop: 'center'})).rejects.toMatchObject({name: 'DataError', message: expect.stringContaining('a.png'), action: expect.any(String)});
	});
});

test('imageHash is the SHA-256 of the file', async () => {
	await writeFile(folder.file('a.png'), 'abc');
	expect(await imageHash(folder.file('a.png'))).toBe(createHash('sha256').update('abc').digest('hex'));
});
