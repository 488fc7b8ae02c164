import type {ModelFacts} from './base-model.ts';
import {hasPriorPreservation} from './concepts.ts';
import type {TrainingConfig} from './config.ts';

/** Measured: one image of 256 pixels through the UNet of SD 1.5 and back, f32, on four cores. */
const reference = {seconds: 9.1, unetParameters: 859_520_964, positions: 32 * 32, cores: 4} as const;

/** Small models use the cores less well: with this power of their size the demo's steps come out as measured, too. */
const sizePower = 0.9;
/** A step is a forward pass and, for the gradients, two more. */
const passesOfStep = 3;
/** Computing activations again costs about a forward pass. */
const passesOfCheckpointing = 1;
/** The text encoder's share when it is trained. */
const textEncoderFactor = 1.05;
/** Guidance predicts with the prompt and without. */
const passesOfSampling = 2;

/** Seconds of one image through the UNet, forward only. Arithmetic grows with positions and parameters; attention, which grows faster, is a small part of it at the usual sizes. */
const secondsOfPass = (config: TrainingConfig, unetParameters: number, {autoencoderFactor}: ModelFacts, cores: number): number =>
	(reference.seconds / passesOfStep) * ((config.resolution / autoencoderFactor) ** 2 / reference.positions) * (unetParameters / reference.unetParameters) ** sizePower * (reference.cores / cores);

/** Optimizer steps of a run over so many instance images. */
export const stepsOfRun = (config: TrainingConfig, images: number): number =>
	config.maxSteps > 0 ? config.maxSteps : Math.ceil((config.epochs * images) / (config.batchSize * config.gradientAccumulation));

/**
 * A rough time of a whole run on the CPU, in seconds: its steps, the class images to be drawn first, and the samples; undefined when
 * the model's size is not known.
 */
export const estimateRunSeconds = (config: TrainingConfig, model: ModelFacts, {cores, images}: {readonly cores: number; readonly images: number}): number | undefined => {
	if (!model.parameters) {
		return undefined;
	}

	const pass = secondsOfPass(config, model.parameters.unet, model, cores);
	const steps = stepsOfRun(config, images);
	const imagesOfStep = config.batchSize * config.gradientAccumulation * (hasPriorPreservation(config) ? 2 : 1);
	const passes = passesOfStep + (config.gradientCheckpointing ? passesOfCheckpointing : 0);
	const training = steps * imagesOfStep * passes * (config.trainTextEncoder ? textEncoderFactor : 1);
	// The images of a run of several concepts are about equal shares.
	const classImages = config.concepts.reduce((sum, {classImagesPerInstance, classSamplingSteps}) => sum + (images / config.concepts.length) * classImagesPerInstance * classSamplingSteps, 0);
	const prompts = Math.max(1, config.samplePrompts.length);
	const samples = config.sampleEverySteps === 0 ? 0 : prompts * (1 + Math.ceil(steps / config.sampleEverySteps)) * config.samplingSteps;
	return pass * (training + (classImages + samples) * passesOfSampling);
};
