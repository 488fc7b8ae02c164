import type {ModelFacts} from './base-model.ts';
import {hasPriorPreservation} from './concepts.ts';
import type {TrainingConfig} from './config.ts';

/** Measured: one image of 256 pixels through the UNet of SD 1.5 and back, f32, on four cores. */
const reference = {seconds: 9.1, unetParameters: 859_520_964, positions: 32 * 32, cores: 4} as const;

/** Computing activations again costs about a forward pass: a quarter to a third of a step. */
const checkpointingFactor = 1.3;
/** The text encoder's share when it is trained. */
const textEncoderFactor = 1.05;

/**
 * A rough time of an optimizer step on the CPU, in seconds; undefined when the model's size is not known. Arithmetic grows with images,
 * positions and parameters; attention, which grows faster, is a small part of it at the usual sizes.
 */
export const estimateStepSeconds = (config: TrainingConfig, model: ModelFacts, {cores}: {readonly cores: number}): number | undefined => {
	if (!model.parameters) {
		return undefined;
	}

	const images = config.batchSize * config.gradientAccumulation * (hasPriorPreservation(config) ? 2 : 1);
	const positions = (config.resolution / model.autoencoderFactor) ** 2;
	return reference.seconds * images * (positions / reference.positions) * (model.parameters.unet / reference.unetParameters) * (reference.cores / cores)
		* (config.gradientCheckpointing ? checkpointingFactor : 1) * (config.trainTextEncoder ? textEncoderFactor : 1);
};

/** Optimizer steps of a run over so many instance images. */
export const stepsOfRun = (config: TrainingConfig, images: number): number =>
	config.maxSteps > 0 ? config.maxSteps : Math.ceil((config.epochs * images) / (config.batchSize * config.gradientAccumulation));
