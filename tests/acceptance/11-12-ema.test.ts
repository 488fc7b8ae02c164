import sharp from 'sharp';
import {afterAll, describe, expect, it} from 'vitest';
import {openSafetensors} from '../../src/train/weights/index.ts';
import {changed, difference, filesIn, removeFolders, smallConfig, tensorsOf, trainingRun} from '../train/training-run.ts';
import {assetFolder} from './base.ts';

afterAll(removeFolders);

const rules = {
	diffusers: (done: number) => (done === 0 ? 0 : (1 + done) / (10 + done)),
	warmup: (done: number) => (done === 0 ? 0 : 1 - (1 + done) ** (-2 / 3)),
	constant: () => 0.9,
} as const;

describe('11, 12. the average of the weights', () => {
	for (const rule of ['diffusers', 'warmup', 'constant'] as const) {
		it(`by the rule ${rule} equals the closed form after 3 steps, in f32`, async () => {
			const settings = {ema: true, emaRule: rule, emaDecay: 0.9, gradientAccumulation: 2, batchSize: 1, emaExport: true};
			const run = await trainingRun(smallConfig(settings));
			const expected = await tensorsOf(`${assetFolder}/unet/diffusion_pytorch_model.safetensors`);
			for (let step = 1; step <= 3; step++) {
				const keep = rules[rule](step - 1);
				for (const [name, weights] of await run.tensors(step, 'unet.safetensors')) {
					const shadow = expected.get(name)!;
					weights.forEach((weight, i) => (shadow[i] = keep * shadow[i] + (1 - keep) * weight));
				}
				expect(difference(await run.tensors(step, 'unet.ema.safetensors'), expected)).toBeLessThan(1e-6);
			}
			const average = await run.tensors(3, 'unet.ema.safetensors');
			const output = `${run.folder}/output`;
			expect(filesIn(output)).toEqual(expect.arrayContaining(['demo-robot_ema', 'demo-robot_ema.safetensors', 'demo-robot_ema_unet.safetensors']));
			const own = await openSafetensors(`${output}/demo-robot_ema_unet.safetensors`);
			expect(new Set([...own.tensors.values()].map(({dtype}) => dtype))).toEqual(new Set(['F32']));
			await own.close();
			expect(difference(await tensorsOf(`${output}/demo-robot_ema/unet/diffusion_pytorch_model.safetensors`), average)).toBe(0);
		});
	}

	it('is the same in host memory', async () => {
		const settings = {ema: true, emaExport: true, maxSteps: 2};
		const [onDevice, onHost] = [await trainingRun(smallConfig(settings)), await trainingRun(smallConfig({...settings, emaMemory: 'host'}))];
		expect(difference(await onHost.tensors(2, 'unet.ema.safetensors'), await onDevice.tensors(2, 'unet.ema.safetensors'))).toBeLessThan(1e-6);
		expect(changed(await onHost.tensors(2, 'unet.safetensors'), await onDevice.tensors(2, 'unet.safetensors'))).toEqual([]);
	});

	it('12. for prediction changes previews only', async () => {
		const settings = {ema: true, emaRule: 'constant', maxSteps: 2, learningRate: 1e-3, trainTextEncoder: false, sampleEverySteps: 1, samplePrompts: ['a photo of sks robot']} as const;
		const [plain, averaged] = [await trainingRun(smallConfig(settings)), await trainingRun(smallConfig({...settings, emaPredict: true}))];
		const picture = async (run: typeof plain, step: number) => sharp(`${run.folder}/samples/step-00000${step}-0.png`).raw().toBuffer();
		expect((await picture(averaged, 0)).equals(await picture(plain, 0))).toBe(true);
		expect((await picture(averaged, 2)).equals(await picture(plain, 2))).toBe(false);
		// The average has hardly moved from the base model in two steps of 1/10,000, so its picture is nearly the base model's.
		expect(distance(await picture(averaged, 2), await picture(averaged, 0))).toBeLessThan(0.1 * distance(await picture(plain, 2), await picture(plain, 0)));
		for (const file of ['unet.safetensors', 'unet.ema.safetensors', 'unet.optimizer.safetensors']) expect(changed(await averaged.tensors(2, file), await plain.tensors(2, file))).toEqual([]);
		expect(averaged.said('step').map(({loss}) => loss)).toEqual(plain.said('step').map(({loss}) => loss));
	});
});

const distance = (a: Buffer, b: Buffer) => a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;
