import {readModelFacts} from './base-model.ts';
import {defaultConfig, type TrainingConfig} from './config.ts';
import {defaultConcept} from './concepts.ts';
import {asset} from './paths.ts';

const subject = 'a photo of sks robot';
const robots = 'a photo of a robot';

/**
 * The demo: five photos of a toy that the embedded model has never seen. Its values were found by trying eleven settings: the text
 * encoder must learn, but at half of the UNet's rate (frozen it misses the likeness, three times faster it forgets the scenes);
 * without class images every robot becomes this one. With five class images for each of the five photos there are 25, one more than
 * in those trials.
 */
export const demoConfig = ({prior = true}: {readonly prior?: boolean} = {}): TrainingConfig => ({
	...defaultConfig(),
	name: 'demo-robot',
	baseModel: 'demo',
	concepts: [
		{
			...defaultConcept(),
			instanceImages: asset('demo', 'photos'),
			instancePrompt: subject,
			...(prior ? {classPrompt: robots, classImagesPerInstance: 5} : {}),
			classSamplingSteps: 20,
			classGuidance: 5,
		},
	],
	resolution: readModelFacts('demo').resolution,
	maxSteps: 300,
	batchSize: 4,
	learningRate: 1e-4,
	textEncoderLearningRate: 5e-5,
	learningRateSchedule: 'constant_with_warmup',
	warmupSteps: 20,
	weightDecay: 0.01,
	gradientClip: 1,
	priorLossWeight: 1,
	trainUnet: true,
	trainTextEncoder: true,
	attention: 'full',
	cacheLatents: 'ram',
	sampleEverySteps: 50,
	// The last one is not about the subject: it shows whether the model still knows other robots.
	samplePrompts: [subject, `${subject} on snow`, `${subject} on the beach`, robots],
	sampler: 'ddim',
	samplingSteps: 20,
	guidance: 5,
	saveEverySteps: 100,
});
