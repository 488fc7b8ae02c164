import path from 'node:path';
import sharp from 'sharp';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {defaultConfig} from '../../src/presets/index.ts';
import {Batches, type TrainingImage} from '../../src/train/batches.ts';
import type {DeviceTensor} from '../../src/train/graph/index.ts';
import {Latents} from '../../src/train/latents/index.ts';
import type {StableDiffusion} from '../../src/train/stable-diffusion.ts';
import {closeModels, demoModel} from '../train/demo-model.ts';
import {newFolder, removeFolders} from '../train/training-run.ts';

afterAll(closeModels);
afterAll(removeFolders);

const settings = {seed: 3, crop: 'center', precision: 'f32'} as const;
const valuesOf = (moments: Float32Array | DeviceTensor) => ('id' in moments ? moments.read() : moments);

describe('6. flip is still random with caching', () => {
	let model: StableDiffusion;
	const [image, mirrored] = ['robot', 'mirrored'].map((name): TrainingImage => ({file: path.join(newFolder(), `${name}.png`), prompt: '', concept: 0, width: 64, height: 64}));

	beforeAll(async () => {
		model = await demoModel();
		const picture = sharp('assets/demo/photos/robot-2.png').resize(64, 64);
		await picture.clone().toFile(image.file);
		await sharp(image.file).flop().toFile(mirrored.file);
	});

	it('an image is seen mirrored in about half of the epochs, in no pattern, and as it is in the others', () => {
		const batches = new Batches({instance: [image], classImages: []}, {...defaultConfig(), ...settings, horizontalFlip: true});
		const flips = Array.from({length: 400}, (_, step) => batches.ofStep(step)[0].rows[0].flipped);
		const share = flips.filter(Boolean).length / flips.length;
		// 400 throws of a coin: three standard deviations are 0.075.
		expect(Math.abs(share - 0.5)).toBeLessThan(0.075);
		const changes = flips.filter((flipped, i) => i > 0 && flipped !== flips[i - 1]).length / (flips.length - 1);
		expect(Math.abs(changes - 0.5)).toBeLessThan(0.075);
	});

	for (const cacheLatents of ['ram', 'disk', 'vram'] as const) {
		it(`the cache ${cacheLatents} gives each orientation the latents of that orientation`, async () => {
			const without = await Latents.open(model, {...settings, horizontalFlip: true, cacheLatents: 'off'});
			const fresh = async (of: TrainingImage) => valuesOf(await without.of([{image: of, flipped: false}]));
			const [upright, flipped] = [await fresh(image), await fresh(mirrored)];
			expect(upright).not.toEqual(flipped);
			const cached = await Latents.open(model, {...settings, horizontalFlip: true, cacheLatents}, newFolder());
			await cached.prepare([image], async () => {});
			const both = valuesOf(await cached.of([{image, flipped: true}, {image, flipped: false}]));
			expect(largestDifference(both.subarray(0, upright.length), flipped)).toBeLessThan(1e-4);
			expect(largestDifference(both.subarray(upright.length), upright)).toBeLessThan(1e-4);
		});
	}
});

const largestDifference = (a: Float32Array, b: Float32Array) => a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i])), 0);
