import {afterAll, describe, expect, it} from 'vitest';
import {changed, difference, removeFolders, smallConfig, trainingRun} from '../training-run.ts';

afterAll(removeFolders);

const [UNET, TEXT] = ['unet.safetensors', 'text_encoder.safetensors'];

describe('what the settings of optimizers do', () => {
	it('textEncoderWeightDecay takes its share times the rate from the text encoder, and nothing from the UNet', async () => {
		const rate = 5e-5;
		const [weak, strong] = [await trainingRun(smallConfig({maxSteps: 1, textEncoderLearningRate: rate})), await trainingRun(smallConfig({maxSteps: 1, textEncoderLearningRate: rate, textEncoderWeightDecay: 0.9}))];
		const [before, after] = [await weak.tensors(1, TEXT), await strong.tensors(1, TEXT)];
		// p·rate·(0.9 − 0.01), as a share of p; a weight has 24 bits.
		expect(difference(after, before) / (rate * 0.89)).toBeCloseTo(1, 2);
		expect(changed(await strong.tensors(1, UNET), await weak.tensors(1, UNET))).toEqual([]);
	});

	it('sgdMomentum says nothing at the first step and repeats it at the next ones', async () => {
		const settings = {optimizer: 'sgd', learningRate: 1e-2, textEncoderLearningRate: 1e-3, maxSteps: 2} as const;
		const [still, moving] = [await trainingRun(smallConfig({...settings, sgdMomentum: 0})), await trainingRun(smallConfig({...settings, sgdMomentum: 0.9}))];
		expect(changed(await moving.tensors(1, UNET), await still.tensors(1, UNET))).toEqual([]);
		const buffer = async (step: number) => (await moving.tensors(step, 'unet.optimizer.safetensors')).get('momentum/conv_in.weight')!;
		const fresh = (await still.tensors(2, 'unet.optimizer.safetensors')).get('momentum/conv_in.weight')!;
		const [first, second] = [await buffer(1), await buffer(2)];
		// After one step both have the same weights, so the second step has the same gradients.
		expect(difference(new Map([['x', second]]), new Map([['x', fresh.map((value, i) => value + 0.9 * first[i])]]))).toBeLessThan(1e-4);
	});
});
