import sharp from 'sharp';
import {afterAll, expect, it} from 'vitest';
import {openBaseModel} from '../../src/train/base-model.ts';
import {samples} from '../../src/train/sampling.ts';
import {StableDiffusion} from '../../src/train/stable-diffusion.ts';
import {openModelFolder, openSingleFile} from '../../src/train/weights/index.ts';
import {removeFolders, smallConfig, trainingRun} from '../train/training-run.ts';

afterAll(removeFolders);

it('15. export, reload, and the same seed give the picture that the preview showed', async () => {
	const prompt = 'a photo of sks robot';
	const run = await trainingRun(smallConfig({maxSteps: 2, saveEverySteps: 0, sampleEverySteps: 2, samplePrompts: [prompt], learningRate: 1e-3, sampleSeed: 11}));
	const [before, preview] = await Promise.all([0, 2].map(step => sharp(`${run.folder}/samples/step-00000${step}-0.png`).raw().toBuffer()));
	expect(preview.equals(before)).toBe(false);
	if (run.outcome.type !== 'finished') throw new Error('the run has not finished');
	const base = await openModelFolder(`${run.folder}/${run.outcome.folder}`);
	const single = await openSingleFile(`${run.folder}/${run.outcome.output}`, base);
	for (const folder of [base, single]) {
		const {engine} = await openBaseModel({baseModel: 'demo'}, {pixels: 32 * 32}).then(async opened => {
			await opened.folder.close();
			return opened;
		});
		const model = await StableDiffusion.open(folder, {...engine, precision: 'f32', attention: 'full', clipSkip: 1});
		for await (const {pixels} of samples(model, [{prompt, negativePrompt: '', seed: 11}], {sampler: 'ddim', steps: 2, guidance: 5, width: 32, height: 32})) expect(preview.equals(pixels)).toBe(true);
	}
	await Promise.all([base.close(), single.close()]);
});
