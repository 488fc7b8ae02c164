import {copyFileSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import {afterAll, beforeAll, beforeEach, describe, expect, it, vi} from 'vitest';
import type {TrainingImage} from '../../src/train/batches.ts';
import {Latents, type LatentConfig} from '../../src/train/latents/index.ts';
import type {StableDiffusion} from '../../src/train/stable-diffusion.ts';
import {encodeFloats, openSafetensors, writeSafetensors} from '../../src/train/weights/index.ts';
import {closeModels, demoModel} from '../train/demo-model.ts';
import {newFolder, removeFolders} from '../train/training-run.ts';
import {assetFolder} from './base.ts';

afterAll(closeModels);
afterAll(removeFolders);

const config = {seed: 3, crop: 'center', horizontalFlip: false, cacheLatents: 'disk', precision: 'f32'} as const;

describe('7. the latent cache on the disk', () => {
	let model: StableDiffusion;
	let [folder, photo] = ['', ''];
	const square = (file: string, size = {width: 64, height: 64}): TrainingImage => ({file, prompt: '', concept: 0, ...size});

	/** Latents of the photo as a new run gets them, and how many images were encoded for that. */
	async function newRun(changes: Partial<LatentConfig> = {}, {of = square(photo), by = model}: {of?: TrainingImage; by?: StableDiffusion} = {}) {
		const encode = vi.spyOn(by, 'encodeImages');
		try {
			const latents = await Latents.open(by, {...config, ...changes}, folder);
			await latents.prepare([of], async () => {});
			return {moments: await latents.of([{image: of, flipped: false}]) as Float32Array, encoded: encode.mock.calls.reduce((sum, [, {count}]) => sum + count, 0)};
		} finally {
			encode.mockRestore();
		}
	}

	beforeAll(async () => {
		model = await demoModel();
	});

	beforeEach(async () => {
		folder = newFolder();
		photo = path.join(newFolder(), 'photo.png');
		await sharp('assets/demo/photos/robot-2.png').resize(96, 64, {fit: 'fill'}).toFile(photo);
	});

	it('serves the next run, also when the image has moved', async () => {
		const first = await newRun();
		const moved = path.join(newFolder(), 'moved.png');
		copyFileSync(photo, moved);
		expect([first.encoded, await newRun(), await newRun({}, {of: square(moved)})]).toEqual([1, {moments: first.moments, encoded: 0}, {moments: first.moments, encoded: 0}]);
	});

	it('is made anew for another content of the file', async () => {
		const before = await newRun();
		await sharp('assets/demo/photos/robot-3.png').resize(96, 64, {fit: 'fill'}).toFile(photo);
		const after = await newRun();
		expect(after.encoded).toBe(1);
		expect(after.moments).toEqual((await newRun({cacheLatents: 'off'})).moments);
		expect(after.moments).not.toEqual(before.moments);
	});

	it.each([
		['resolution', {}, {width: 96, height: 96}],
		['bucket', {crop: 'none'}, {width: 96, height: 64}],
		['crop', {crop: 'none'}, {width: 64, height: 64}],
		['orientation', {horizontalFlip: true}, {width: 64, height: 64}],
		['precision', {precision: 'bf16'}, {width: 64, height: 64}],
	] as const)('is made anew for another %s', async (_, changes, size) => {
		await newRun();
		expect((await newRun(changes, {of: square(photo, size)})).encoded).toBe(1);
	});

	it('is made anew for another autoencoder, and not for a copy of the same', async () => {
		const before = await newRun();
		const copy = await autoencoderWith(weights => weights);
		expect((await newRun({}, {by: await demoModel({}, {vae: copy})})).encoded).toBe(0);
		const other = await autoencoderWith((weights, name) => (name === 'encoder.conv_in.weight' ? weights.map(value => 1.1 * value) : weights));
		const {encoded, moments} = await newRun({}, {by: await demoModel({}, {vae: other})});
		expect(encoded).toBe(1);
		expect(moments).not.toEqual(before.moments);
	});

	it.each([
		['cut off', (file: string) => truncateSync(file, 1000)],
		['changed by one bit', (file: string) => writeFileSync(file, readFileSync(file).map((byte, i, {length}) => (i === length - 100 ? byte ^ 1 : byte)))],
		['empty', (file: string) => writeFileSync(file, '')],
	])('a file that is %s is made anew', async (_, damage) => {
		const before = await newRun();
		const [entry] = readdirSync(folder).filter(name => name.endsWith('.safetensors'));
		damage(path.join(folder, entry));
		expect(await newRun()).toEqual({moments: before.moments, encoded: 1});
		expect((await newRun()).encoded).toBe(0);
	});

	/** A copy of the embedded autoencoder's folder with changed weights. */
	async function autoencoderWith(change: (weights: Float32Array, name: string) => Float32Array): Promise<string> {
		const target = path.join(newFolder(), 'vae');
		mkdirSync(target);
		copyFileSync(`${assetFolder}/vae/config.json`, path.join(target, 'config.json'));
		const original = await openSafetensors(`${assetFolder}/vae/diffusion_pytorch_model.safetensors`);
		try {
			const entries = [...original.tensors].map(([name, {shape}]) => ({name, shape, dtype: 'F16' as const, bytes: async () => encodeFloats(change(await original.readFloat32(name), name), 'F16')}));
			await writeSafetensors(path.join(target, 'diffusion_pytorch_model.safetensors'), entries);
		} finally {
			await original.close();
		}
		return target;
	}
});
