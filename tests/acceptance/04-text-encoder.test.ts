import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {assetFolder} from './base.ts';
import {changed, difference, removeFolders, smallConfig, tensorsOf, trainingRun, type TrainingRun} from '../train/training-run.ts';

afterAll(removeFolders);

const TEXT = 'text_encoder.safetensors';

describe('4. the text encoder', () => {
	let base: Map<string, Float32Array>;
	let plain: TrainingRun;
	const learned = async (run: TrainingRun, step = 3) => Math.sqrt(sumOfSquares(await run.tensors(step, TEXT), base));

	beforeAll(async () => {
		base = await tensorsOf(`${assetFolder}/text_encoder/model.safetensors`);
		plain = await trainingRun(smallConfig());
	});

	it('has a learning rate of its own', async () => {
		const slower = await trainingRun(smallConfig({textEncoderLearningRate: 5e-6}));
		expect((await learned(plain)) / (await learned(slower))).toBeGreaterThan(5);
		const still = await trainingRun(smallConfig({textEncoderLearningRate: 0}));
		expect(await learned(still)).toBe(0);
	});

	it('has a clip of its own, which leaves the UNet alone', async () => {
		// AdamW divides by the gradient's size, so a limit shows against its epsilon.
		const settings = {gradientClip: 0, adamEpsilon: 1e-4};
		const [free, clipped] = [await trainingRun(smallConfig(settings)), await trainingRun(smallConfig({...settings, textEncoderGradientClip: 1e-4}))];
		expect(await learned(clipped, 1)).toBeLessThan(0.2 * (await learned(free, 1)));
		expect(changed(await clipped.tensors(1, 'unet.safetensors'), await free.tensors(1, 'unet.safetensors'))).toEqual([]);
	});

	it('is trained for its share of the run and then stays, its optimizer state freed', async () => {
		// 5 photos at batch 5: every step is an epoch. A quarter of 4 epochs is one.
		const run = await trainingRun(smallConfig({batchSize: 5, maxSteps: 4, textEncoderStepRatio: 0.25}));
		expect(changed(await run.tensors(1, TEXT), await run.tensors(4, TEXT))).toEqual([]);
		expect(await learned(run)).toBeGreaterThan(0);
		expect(difference(await run.tensors(4, 'unet.safetensors'), await run.tensors(1, 'unet.safetensors'))).toBeGreaterThan(0);
		expect(run.said('step').map(({textEncoderLearningRate}) => textEncoderLearningRate !== undefined)).toEqual([true, false, false, false]);
		await expect(run.tensors(2, 'text_encoder.optimizer.safetensors')).rejects.toThrow('it does not exist');
	});

	it('keeps its normalization when that is frozen, and learns the rest', async () => {
		const run = await trainingRun(smallConfig({freezeClipNormalization: true, maxSteps: 1}));
		const [before, after] = [base, await run.tensors(1, TEXT)];
		const changed = [...after].filter(([name, values]) => values.some((value, i) => value !== before.get(name)![i])).map(([name]) => name);
		expect(changed.length).toBeGreaterThan(10);
		expect(changed.filter(name => name.includes('layer_norm'))).toEqual([]);
		const all = await plain.tensors(1, TEXT);
		expect([...all].some(([name, values]) => name.includes('layer_norm') && values.some((value, i) => value !== before.get(name)![i]))).toBe(true);
	});
});

function sumOfSquares(after: ReadonlyMap<string, Float32Array>, before: ReadonlyMap<string, Float32Array>): number {
	let sum = 0;
	for (const [name, values] of after) values.forEach((value, i) => (sum += (value - before.get(name)![i]) ** 2));
	return sum;
}
