import {expect, test} from 'vitest';
import {demoConfig, estimateRunSeconds, readModelFacts, stepsOfRun} from '../../src/presets/index.ts';

const model = readModelFacts('demo');
const demo = demoConfig();
const seconds = (config: typeof demo, images = 5): number => estimateRunSeconds(config, model, {cores: 4, images})!;

test('steps are those given, or all epochs over the images in batches', () => {
	expect(stepsOfRun(demo, 5)).toBe(200);
	expect(stepsOfRun({...demo, maxSteps: 0, epochs: 10, batchSize: 4, gradientAccumulation: 1}, 5)).toBe(13);
});

test('the demo on four cores, measured at about a minute with all its images, is told within a factor of two', () => {
	expect(seconds(demo)).toBeGreaterThan(25);
	expect(seconds(demo)).toBeLessThan(120);
});

test('time grows with steps, images of a step, pixels, class images and samples', () => {
	const longer = [
		{...demo, maxSteps: 600}, {...demo, batchSize: 8}, {...demo, resolution: 256}, {...demo, gradientCheckpointing: true}, {...demo, sampleEverySteps: 10},
		{...demo, concepts: demo.concepts.map(concept => ({...concept, classImagesPerInstance: 50}))},
	];
	for (const config of longer) {
		expect(seconds(config)).toBeGreaterThan(seconds(demo));
	}

	expect(estimateRunSeconds(demo, model, {cores: 8, images: 5})).toBeCloseTo(seconds(demo) / 2, 5);
});
