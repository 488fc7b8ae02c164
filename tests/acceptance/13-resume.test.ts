import {afterAll, expect, it} from 'vitest';
import {changed, filesIn, removeFolders, smallConfig, trainingRun} from '../train/training-run.ts';

afterAll(removeFolders);

/** With kill -9 and through the real processes: tests/e2e/training.test.ts. */
it('13. a run continued from a checkpoint gives the same weights as one that was left alone, whatever is switched on', async () => {
	const config = smallConfig({
		batchSize: 1, gradientAccumulation: 2, maxSteps: 4, ema: true, emaMemory: 'host', textEncoderStepRatio: 0.5, minSnrGamma: 5, offsetNoise: 0.1,
		learningRateSchedule: 'cosine', horizontalFlip: true, validationImages: 1, validateEverySteps: 1,
		tagDropout: 0.3, captionDropout: 0.2, concepts: [{instancePrompt: 'a photo of sks robot, red, on a table, from the side'}],
	});
	const straight = await trainingRun(config);
	for (const step of [1, 2]) {
		const continued = await trainingRun(config, {checkpoint: straight.checkpoint(step)});
		expect(continued.said('step').map(({step}) => step)).toEqual([2, 3, 4].slice(step - 1));
		expect(filesIn(continued.checkpoint(4))).toEqual(filesIn(straight.checkpoint(4)));
		for (const file of filesIn(straight.checkpoint(4)).filter(name => name.endsWith('.safetensors'))) expect(changed(await continued.tensors(4, file), await straight.tensors(4, file))).toEqual([]);
		expect(continued.said('validation')).toEqual(straight.said('validation').slice(step + 1));
	}
	// The text encoder was trained for 1 of 2 epochs (4 photos, 2 a step) and is no longer.
	expect(straight.said('step').map(({textEncoderLearningRate}) => textEncoderLearningRate !== undefined)).toEqual([true, true, false, false]);
}, 120_000);
