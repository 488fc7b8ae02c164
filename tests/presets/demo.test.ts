import path from 'node:path';
import {expect, test} from 'vitest';
import {countImages, demoConfig, hasPriorPreservation, packageFolder, parseConfig, readModelFacts, resolveBaseModel, shippedPresets} from '../../src/presets/index.ts';
import {readValues} from '../../src/presets/parse.ts';

test('the demo trains with the values that its targets were measured with', () => {
	expect(demoConfig({prior: true})).toMatchObject({
		learningRate: 1.3e-4, textEncoderLearningRate: 8e-4, learningRateSchedule: 'linear', warmupSteps: 15, batchSize: 4, maxSteps: 200,
		priorLossWeight: 1, minSnrGamma: 3, weightDecay: 0.01, gradientClip: 1, cacheLatents: 'ram', sampler: 'ddim', samplingSteps: 20, guidance: 5, trainUnet: true, trainTextEncoder: true,
		concepts: [{instancePrompt: 'a photo of sks robot', classPrompt: 'a photo of a robot', classSamplingSteps: 20, classGuidance: 5}],
	});
});

test('the demo has at least the 24 class images of the measured runs, and none without the prior', async () => {
	const [concept] = demoConfig().concepts;
	const {images} = await countImages(concept.instanceImages);
	expect(images * concept.classImagesPerInstance).toBeGreaterThanOrEqual(24);
	expect(hasPriorPreservation(demoConfig({prior: false}))).toBe(false);
});

test('the demo model is found in the package and fits the demo\'s resolution', () => {
	expect(resolveBaseModel('demo')).toBe(path.join(packageFolder(), 'assets', 'demo', 'base'));
	expect(readModelFacts('demo')).toMatchObject({resolution: demoConfig().resolution, prediction: 'epsilon', parameters: {unet: expect.any(Number), textEncoder: expect.any(Number), autoencoder: expect.any(Number)}});
	expect(parseConfig(demoConfig(), {facts: {model: readModelFacts('demo')}}).problems).toEqual([]);
});

test('every shipped preset holds values in range', () => {
	expect(shippedPresets.map(({name}) => name)).toEqual(['demo', 'person', 'animal', 'object', 'style']);
	for (const {config} of shippedPresets) {
		expect(readValues(config()).problems).toEqual([]);
	}
});
