import type {Need} from './setting.ts';

/** Conditions that several settings share. */

const conceptsOf = (value: unknown): readonly {readonly classImagesPerInstance?: number}[] => (Array.isArray(value) ? value : []);

export const classImages: Need = {
	test: values => conceptsOf(values.concepts).some(concept => (concept.classImagesPerInstance ?? 0) > 0),
	reason: 'No concept has class images.',
};

export const scaledPriorLoss: Need = {
	test: values => classImages.test(values) && values.scalePriorLoss === true,
	reason: 'The prior loss weight is not lowered over time.',
};

export const lora: Need = {
	test: values => values.training === 'lora',
	reason: 'No LoRA is trained.',
};

export const average: Need = {
	test: values => values.ema === true && values.trainUnet === true && values.training !== 'lora',
	reason: 'There is no average of the weights (ema is off).',
};

export const samples: Need = {
	test: values => values.sampleEverySteps !== 0 || values.sampleEveryEpochs !== 0,
	reason: 'Sample images are switched off.',
};

export const sanity: Need = {
	test: values => samples.test(values) && values.sanityPrompt !== '',
	reason: 'There is no sanity prompt.',
};

export const validation: Need = {
	test: values => values.validationImages !== 0,
	reason: 'No images are kept back for validation.',
};

export const adam: Need = {
	test: values => values.optimizer === 'adamw' || values.optimizer === 'adamw8bit',
	reason: 'The optimizer is not AdamW.',
};

export const looseTags: Need = {
	test: values => values.shuffleTags === true || values.tagDropout !== 0,
	reason: 'Tags are neither shuffled nor left out.',
};
