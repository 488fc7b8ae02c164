import {afterAll, describe, expect, it} from 'vitest';
import {newFolder, removeFolders, smallConfig, trainingRun, type RunOptions} from '../train/training-run.ts';

afterAll(removeFolders);

/** The rates of a run of `epochs` epochs, step by step. */
async function ratesOf(settings: RunOptions): Promise<number[]> {
	const run = await trainingRun(smallConfig({maxSteps: 0, epochs: 2, saveEverySteps: 0, learningRateSchedule: 'linear', learningRate: 1e-5, ...settings}));
	return run.said('step').map(({learningRate}) => learningRate);
}

describe('2. a decaying schedule ends exactly at the last step', () => {
	const classImages = newFolder();
	const prior = [{classPrompt: 'a photo of a robot', classImages, classImagesPerInstance: 1, classSamplingSteps: 2}];

	it.each<[string, RunOptions]>([
		['batch 1', {batchSize: 1}],
		['batch 2', {batchSize: 2}],
		['batch 1, accumulated 3 times', {batchSize: 1, gradientAccumulation: 3}],
	])('with and without class images: %s', async (_, sizes) => {
		const without = await ratesOf(sizes);
		expect(without.length).toBeGreaterThan(2);
		// The step after the last one would have rate 0.
		without.forEach((rate, done) => expect(rate / 1e-5).toBeCloseTo((without.length - done) / without.length, 6));
		expect(await ratesOf({...sizes, concepts: prior})).toEqual(without);
	});
});
