import fs from 'node:fs';
import type {Concept} from './concepts.ts';
import type {TrainingConfig} from './config.ts';
import type {ModelFacts} from './base-model.ts';
import {trainsOnGpu, whyNoGpu} from './gpu.ts';
import {wantsGpu} from './memory/placement.ts';
import type {GpuReport} from './nvidia-smi.ts';
import type {Problem} from './problem.ts';
import {formatNumber} from './schema.ts';

/** What is known beyond the config when its rules are checked; a rule that lacks its fact is not checked. */
export interface Facts {
	readonly model?: ModelFacts;
	/** Whether the run can use a GPU. Left out: whether it would look for one here. */
	readonly gpu?: boolean;
	/** What there is of them. */
	readonly gpus?: GpuReport;
	/** Optimizer steps of the whole run, when they follow from the number of images. */
	readonly totalSteps?: number;
}

interface Rule {
	readonly message: string;
	/** The change that cures it; of an adjustment, how to choose otherwise. */
	readonly cure: string;
}

export interface Constraint {
	readonly level: Problem['level'];
	/** The keys the rule is about; the first is the one to point at. */
	readonly keys: readonly [keyof TrainingConfig, ...(keyof TrainingConfig)[]];
	/** A block that `expertOverrides` makes a warning: the program can do it, it only does no good. */
	readonly overridable?: true;
	/** What is broken, or undefined when the rule holds. */
	test(config: TrainingConfig, facts: Facts): Rule | undefined;
	/** Of an adjustment: what takes the place of the values. */
	adjust?(config: TrainingConfig): Partial<TrainingConfig>;
}

const isIn8Bit = ({optimizer}: TrainingConfig): boolean => optimizer.endsWith('8bit');

const onCpu = (config: TrainingConfig, facts: Facts): boolean => config.device === 'cpu' || !(facts.gpu ?? wantsGpu(config.device));

const stepsOf = (config: TrainingConfig, facts: Facts): number | undefined => (config.maxSteps > 0 ? config.maxSteps : facts.totalSteps);

/** Below it, weights move less in a thousand steps of AdamW than they are large when they are drawn. */
const LEAST_RATE_FROM_RANDOM = 1e-5;

/** Rules between settings, checked while editing and before the start. A new rule is a new entry. */
export const constraints: readonly Constraint[] = [
	{
		level: 'block',
		keys: ['baseModel'],
		test: config => (config.baseModel === '' ? {message: 'No base model is given.', cure: 'Set baseModel to the diffusers folder of a Stable Diffusion model, or to demo.'} : undefined),
	},
	{
		level: 'block',
		keys: ['concepts'],
		test: config => (config.concepts.length === 0 ? {message: 'There is nothing to teach: concepts is empty.', cure: 'Add a concept with the folder of your images and a prompt.'} : undefined),
	},
	{
		level: 'block',
		keys: ['trainUnet', 'trainTextEncoder'],
		test: config =>
			!config.trainUnet && !config.trainTextEncoder ?
				{message: 'Neither the UNet nor the text encoder is trained, so nothing would be learned.', cure: 'Switch on trainUnet, trainTextEncoder or both.'}
			:	undefined,
	},
	{
		level: 'block',
		keys: ['priorLossWeightMin', 'priorLossWeight', 'scalePriorLoss'],
		test: config =>
			config.scalePriorLoss && config.priorLossWeightMin > config.priorLossWeight ?
				{message: `priorLossWeightMin is ${formatNumber(config.priorLossWeightMin)}, more than priorLossWeight (${formatNumber(config.priorLossWeight)}): the weight would rise.`, cure: 'Set priorLossWeightMin to at most priorLossWeight.'}
			:	undefined,
	},
	{
		level: 'adjust',
		keys: ['trainTextEncoder', 'textEncoderStepRatio', 'trainUnet'],
		test: config =>
			config.trainTextEncoder && config.trainUnet && config.textEncoderStepRatio === 0 ?
				{message: 'trainTextEncoder is switched off: textEncoderStepRatio gives it no part of the run.', cure: 'Set textEncoderStepRatio above 0 to train it.'}
			:	undefined,
		adjust: () => ({trainTextEncoder: false}),
	},
	{
		level: 'adjust',
		keys: ['textEncoderStepRatio', 'trainUnet'],
		test: config =>
			config.trainTextEncoder && !config.trainUnet && config.textEncoderStepRatio < 1 ?
				{message: 'textEncoderStepRatio is set to 1: with the UNet off, the text encoder is all that is trained.', cure: 'Switch on trainUnet to train the text encoder for a part of the run.'}
			:	undefined,
		adjust: () => ({textEncoderStepRatio: 1}),
	},
	{
		level: 'adjust',
		keys: ['ema', 'trainUnet'],
		test: config => (config.ema && !config.trainUnet ? {message: 'ema is switched off: it averages the UNet, which is not trained.', cure: 'Switch on trainUnet to have the average.'} : undefined),
		adjust: () => ({ema: false}),
	},
	{
		level: 'adjust',
		keys: ['ema', 'training'],
		test: config => (config.ema && config.training === 'lora' ? {message: 'ema is switched off: a LoRA has no average.', cure: 'Set training to full to have the average.'} : undefined),
		adjust: () => ({ema: false}),
	},
	{
		level: 'block',
		keys: ['loraFile', 'training'],
		test: config =>
			config.loraFile !== '' && config.training !== 'lora' ?
				{message: 'loraFile names a LoRA to continue, but training is full, which would not use it.', cure: 'Set training to lora, or leave out loraFile.'}
			:	undefined,
	},
	{
		level: 'adjust',
		keys: ['cacheLatents', 'crop'],
		test: config =>
			config.cacheLatents !== 'off' && config.crop === 'random' ?
				{message: 'cacheLatents is switched off: a random crop cuts another part each time, so there is nothing to keep.', cure: 'Set crop to center or none to have the cache.'}
			:	undefined,
		adjust: () => ({cacheLatents: 'off'}),
	},
	{
		level: 'block',
		keys: ['maxTokenLength', 'padTokens'],
		test: ({maxTokenLength, padTokens}) =>
			!padTokens && maxTokenLength > 75 ? {message: `maxTokenLength is ${maxTokenLength}, but prompts are not padded (padTokens), which is for 75 tokens only.`, cure: 'Switch on padTokens, or set maxTokenLength to 75.'} : undefined,
	},
	{
		level: 'block',
		keys: ['padTokens', 'batchSize'],
		test: ({padTokens, batchSize}) =>
			!padTokens && batchSize > 1 ? {message: `padTokens is off, so prompts have different lengths, but batchSize is ${batchSize}.`, cure: 'Switch on padTokens, or set batchSize to 1 and gradientAccumulation to more.'} : undefined,
	},
	{
		level: 'warn',
		keys: ['shuffleTags', 'concepts'],
		test: ({shuffleTags, keepTags, concepts}) => {
			const tagged = concepts.findIndex(({instancePrompt}) => instancePrompt.includes('[filewords]') || instancePrompt.split(',').length > keepTags + 1);
			return shuffleTags && tagged >= 0 ?
					{message: `shuffleTags is on: what stands between commas in the prompts of concept ${tagged + 1} is shown in another order each time, but for the first ${keepTags}.`, cure: 'Switch off shuffleTags where the order carries weight.'}
				:	undefined;
		},
	},
	{
		level: 'adjust',
		keys: ['cacheLatents', 'device'],
		test: (config, facts) => (config.cacheLatents === 'vram' && onCpu(config, facts) ? {message: 'cacheLatents is set to ram: the memory of the CPU is the main memory.', cure: 'Train on a GPU to keep latents there.'} : undefined),
		adjust: () => ({cacheLatents: 'ram'}),
	},
	{
		level: 'block',
		keys: ['classMatching', 'concepts'],
		test: ({classMatching, concepts}) => {
			const without = concepts.findIndex(({classImagesPerInstance, classImages}) => classImagesPerInstance > 0 && classImages === undefined);
			return classMatching === 'all' && without >= 0 ?
					{message: `classMatching is all, which uses the class images that are there, but concept ${without + 1} names no folder of them.`, cure: 'Set its classImages to your folder, or classMatching to match: then the base model makes them.'}
				:	undefined;
		},
	},
	{
		level: 'block',
		keys: ['vae'],
		test: config => (config.vae === '' || fs.existsSync(config.vae) ? undefined : {message: `The autoencoder ${config.vae} does not exist.`, cure: 'Set vae to a folder or a safetensors file, or leave it empty for the base model\'s own.'}),
	},
	{
		level: 'block',
		keys: ['baseModelEma', 'baseModel'],
		test: (config, {model}) =>
			config.baseModelEma && model && !model.ema ?
				{message: 'baseModelEma is on, but the base model has no averaged (EMA) weights beside its own.', cure: 'Switch off baseModelEma, or take the full file of the model.'}
			:	undefined,
	},
	{
		level: 'block',
		keys: ['init', 'training'],
		test: config =>
			config.init === 'random' && config.training === 'lora' ? {message: 'init is random, but a LoRA is trained, which only adds to weights that can draw.', cure: 'Set training to full, or init to pretrained.'} : undefined,
	},
	{
		level: 'block',
		keys: ['init', 'baseModelEma'],
		test: config =>
			config.init === 'random' && config.baseModelEma ? {message: 'init is random, but baseModelEma is on: the averaged weights of the base model would not be used.', cure: 'Switch off baseModelEma, or set init to pretrained.'} : undefined,
	},
	{
		level: 'block',
		keys: ['init', 'concepts', 'classMatching'],
		test({init, concepts, classMatching}) {
			const asking = concepts.findIndex(({classImagesPerInstance}) => classImagesPerInstance > 0);
			return init === 'random' && classMatching !== 'all' && asking >= 0 ?
					{message: `init is random, but concept ${asking + 1} asks for class images: the model that would make them draws nothing but noise, and has nothing to preserve.`, cure: 'Set its classImagesPerInstance to 0. To train with pictures that you have, give classImages and set classMatching to all.'}
				:	undefined;
		},
	},
	{
		level: 'warn',
		keys: ['init', 'clipSkip'],
		test: config =>
			config.init === 'random' && config.trainTextEncoder && config.clipSkip > 1 ?
				{message: `clipSkip is ${config.clipSkip}: the last layers of the text encoder are not trained and stay random, so that the model can be used with this clip skip only.`, cure: 'Set clipSkip to 1.'}
			:	undefined,
	},
	...([['learningRate', 'trainUnet'], ['textEncoderLearningRate', 'trainTextEncoder']] as const).map(([key, trained]): Constraint => ({
		level: 'warn',
		keys: [key, 'init', trained],
		test: config =>
			config.init === 'random' && config.training !== 'lora' && config[trained] && config[key] < LEAST_RATE_FROM_RANDOM ?
				{message: `${key} is ${formatNumber(config[key])}, a rate to change a finished model gently: from random weights (init) hardly anything is learned with it.`, cure: `Set ${key} to 1e-4, say, and warmupSteps to some hundred.`}
			:	undefined,
	})),
	{
		level: 'block',
		keys: ['zeroTerminalSnr', 'prediction', 'baseModel'],
		test: (config, {model}) =>
			config.zeroTerminalSnr && (config.prediction === 'auto' ? model?.prediction : config.prediction) === 'epsilon' ?
				{message: 'zeroTerminalSnr is on, but the base model predicts noise: at pure noise there is nothing to learn from that.', cure: 'Switch off zeroTerminalSnr, or take a model that predicts velocity.'}
			:	undefined,
	},
	{
		level: 'block',
		keys: ['resolution', 'baseModel'],
		test: (config, {model}) => {
			if (!model || config.resolution % model.resolutionMultiple === 0) {
				return undefined;
			}

			const below = Math.floor(config.resolution / model.resolutionMultiple) * model.resolutionMultiple;
			const above = below + model.resolutionMultiple;
			return {
				message: `resolution is ${config.resolution}; this base model needs a multiple of ${model.resolutionMultiple}.`,
				cure: `Set resolution to ${below < 64 ? above : `${below} or ${above}`}; the model was made for ${model.resolution}.`,
			};
		},
	},
	{
		level: 'block',
		keys: ['warmupSteps', 'maxSteps', 'learningRateSchedule'],
		test: (config, facts) => {
			const steps = stepsOf(config, facts);
			return steps !== undefined && config.learningRateSchedule !== 'constant' && config.warmupSteps > 0 && config.warmupSteps >= steps ?
					{message: `warmupSteps is ${config.warmupSteps}, but the whole run has ${steps} steps: the learning rate would never reach its value.`, cure: `Set warmupSteps below ${steps}, or train longer.`}
				:	undefined;
		},
	},
	{
		level: 'warn',
		keys: ['learningRateSchedule', 'warmupSteps'],
		test: config =>
			config.learningRateSchedule === 'constant' && config.warmupSteps > 0 ?
				{message: `The constant schedule has no warm-up: the ${config.warmupSteps} warm-up steps have no effect.`, cure: 'Set learningRateSchedule to constant_with_warmup, or warmupSteps to 0.'}
			:	undefined,
	},
	{
		level: 'block',
		keys: ['device'],
		test: config =>
			config.device === 'gpu' && !trainsOnGpu() ? {message: 'device is gpu, but TensorFlow is not set up for a GPU here.', cure: 'Set it up with dreambooth setup --gpu, or set device to auto or cpu.'} : undefined,
	},
	{
		level: 'block',
		keys: ['gpu', 'device'],
		test({device, gpu}, {gpus}) {
			const fault = gpus && device !== 'cpu' && (gpu !== 'auto' || device === 'gpu') ? whyNoGpu(gpus, gpu) : undefined;
			return fault === undefined ? undefined : {message: `${gpu === 'auto' ? 'device is gpu' : `gpu is ${gpu}`}, but it cannot be used. ${fault}`, cure: `Set ${gpu === 'auto' ? 'device' : 'gpu'} to auto, or device to cpu; dreambooth doctor says what is there.`};
		},
	},
	{
		level: 'warn',
		keys: ['attention', 'precision', 'device', 'engine'],
		test(config, facts) {
			if (config.attention !== 'fused') return undefined;
			const lacks = onCpu(config, facts) ? 'a GPU' : config.precision === 'f32' ? 'precision bf16 or f16' : config.engine === 'graph' || config.engine === 'eager' ? 'the engine xla' : undefined;
			return lacks === undefined ? undefined : {message: `attention is fused, which needs ${lacks}: it will be computed in chunks.`, cure: 'Nothing has to be done; chunked says the same.'};
		},
	},
	{
		level: 'block',
		overridable: true,
		keys: ['precision', 'device'],
		test: (config, facts) =>
			config.precision !== 'f32' && onCpu(config, facts) ?
				{message: `precision is ${config.precision} on the CPU: slower than f32${config.precision === 'bf16' ? ' unless the CPU has bf16 instructions' : ', many times'}, and less exact.`, cure: 'Set precision to f32, or switch on expertOverrides if memory is what you lack.'}
			:	undefined,
	},
	{
		level: 'block',
		overridable: true,
		keys: ['optimizer', 'device'],
		test: (config, facts) =>
			isIn8Bit(config) && onCpu(config, facts) ?
				{message: `optimizer is ${config.optimizer} on the CPU, where memory for its state is seldom short and steps become slower.`, cure: `Set optimizer to ${config.optimizer.replace('8bit', '')}, or switch on expertOverrides.`}
			:	undefined,
	},
	{
		level: 'block',
		overridable: true,
		keys: ['optimizer', 'precision'],
		test: (config, facts) =>
			isIn8Bit(config) && config.precision === 'f32' && !onCpu(config, facts) ?
				{message: `optimizer is ${config.optimizer}, but precision is f32: that saves a little of the memory at the cost of all the speed.`, cure: 'Set precision to bf16, or switch on expertOverrides.'}
			:	undefined,
	},
	{
		level: 'warn',
		keys: ['learningRate', 'optimizer'],
		test: config =>
			config.optimizer.startsWith('lion') && config.training !== 'lora' && config.init === 'pretrained' && config.learningRate >= 2e-6 ?
				{message: `learningRate is ${formatNumber(config.learningRate)}, a rate for AdamW: every step of Lion has the full size of the rate.`, cure: 'Set learningRate to 5e-7, and weightDecay to 0.02.'}
			:	undefined,
	},
	{
		level: 'warn',
		keys: ['learningRateSchedule', 'scheduleFactor'],
		test: config =>
			config.learningRateSchedule === 'ramp' && config.scheduleFactor === 1 ?
				{message: 'The ramp begins at the full learning rate (scheduleFactor is 1), so nothing rises.', cure: 'Set scheduleFactor to 0.5, say.'}
			:	undefined,
	},
	{
		level: 'block',
		keys: ['minLearningRate', 'learningRate', 'learningRateSchedule'],
		test: config => {
			const rate = config.training === 'lora' ? config.loraLearningRate : config.learningRate;
			return config.learningRateSchedule.startsWith('cosine_annealing') && config.minLearningRate > rate ?
					{message: `minLearningRate is ${formatNumber(config.minLearningRate)}, more than the learning rate (${formatNumber(rate)}): the rate would rise.`, cure: 'Set minLearningRate below the learning rate.'}
				:	undefined;
		},
	},
	{
		level: 'warn',
		keys: ['engine', 'device'],
		test: (config, facts) =>
			config.engine === 'xla' && onCpu(config, facts) ?
				{message: 'engine is xla on the CPU: it compiles for 20 seconds and more and is hardly faster than graph.', cure: 'Set engine to auto or graph.'}
			:	undefined,
	},
	...(['weightDecay', 'textEncoderWeightDecay'] as const).map((key): Constraint => ({
		level: 'warn',
		keys: [key],
		test: config => (config[key] >= 0.1 ? {message: `${key} is ${formatNumber(config[key])}: 0.1 and above seldom does good.`, cure: 'The rule is 0.01.'} : undefined),
	})),
];

interface ConceptConstraint {
	readonly level: 'block' | 'warn';
	readonly key: keyof Concept;
	/** `concept` is its number, counted from 1. */
	test(concept: Concept, number: number): Rule | undefined;
}

/** Rules inside one concept. */
export const conceptConstraints: readonly ConceptConstraint[] = [
	{
		level: 'block',
		key: 'instanceImages',
		test: (concept, number) => (concept.instanceImages === '' ? {message: `Concept ${number} has no folder of instance images.`, cure: 'Set its instanceImages to the folder with the pictures of your subject.'} : undefined),
	},
	{
		level: 'block',
		key: 'instancePrompt',
		test: (concept, number) => (concept.instancePrompt.trim() === '' ? {message: `Concept ${number} has no instance prompt.`, cure: 'Set its instancePrompt to words with a rare name, such as: a photo of sks dog'} : undefined),
	},
	{
		level: 'block',
		key: 'classPrompt',
		test: (concept, number) =>
			concept.classImagesPerInstance > 0 && !concept.classPrompt?.trim() ?
				{message: `Concept ${number} asks for class images but has no class prompt.`, cure: 'Set its classPrompt, such as: a photo of a dog. Or set classImagesPerInstance to 0.'}
			:	undefined,
	},
	{
		level: 'warn',
		key: 'classPrompt',
		test: (concept, number) =>
			concept.classImagesPerInstance > 0 && concept.classPrompt?.trim() !== '' && concept.classPrompt?.trim() === concept.instancePrompt.trim() ?
				{message: `Concept ${number} has the same instance and class prompt, so the subject has no name of its own.`, cure: 'Put a rare word such as sks into the instance prompt only.'}
			:	undefined,
	},
	{
		level: 'warn',
		key: 'classImages',
		test: (concept, number) =>
			concept.classImagesPerInstance === 0 && concept.classImages !== undefined ?
				{message: `Concept ${number} names a folder of class images, but classImagesPerInstance is 0, so none is used.`, cure: 'Set classImagesPerInstance to 5, say, or leave out classImages.'}
			:	undefined,
	},
];

/** All broken rules of a config whose values are each in range; `skip` names keys that are not to be judged. */
export const checkConfig = (config: TrainingConfig, facts: Facts = {}, skip: ReadonlySet<string> = new Set()): Problem[] => [
	...constraints.flatMap(({level, overridable, keys, test}) => {
		const broken = keys.some(key => skip.has(key)) ? undefined : test(config, facts);
		return broken ? [{level: overridable && config.expertOverrides ? 'warn' as const : level, key: keys[0], ...broken}] : [];
	}),
	...config.concepts.flatMap((concept, index) =>
		conceptConstraints.flatMap(({level, key, test}) => {
			const path = `concepts.${index}.${key}`;
			const broken = skip.has(path) || skip.has(`concepts.${index}`) ? undefined : test(concept, index + 1);
			return broken ? [{level, key: path, ...broken}] : [];
		}),
	),
];

/** The config after every adjustment that its values call for. */
export const adjustConfig = (config: TrainingConfig, facts: Facts = {}): TrainingConfig =>
	constraints.reduce((adjusted, {test, adjust}) => (adjust && test(adjusted, facts) ? {...adjusted, ...adjust(adjusted)} : adjusted), config);
