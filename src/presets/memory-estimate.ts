import type {ModelFacts} from './base-model.ts';
import {hasPriorPreservation} from './concepts.ts';
import type {TrainingConfig} from './config.ts';

const gibibyte = 2 ** 30;

/** Figures of SD 1.5 at 512 pixels, f32, one image, from which other models are scaled. */
const reference = {
	unetParameters: 859_520_964,
	latentPositions: 64 * 64,
	/** What the backward pass keeps with chunked attention. */
	activations: 0.94 * gibibyte,
	checkpointed: 0.4 * gibibyte,
	/** The scores that full attention keeps on top. */
	scores: 2.73 * gibibyte,
} as const;

/** Node, TensorFlow and its threads. */
const runtimeBytes = 0.6 * gibibyte;

/** Weights that are packed for the CPU and buffers of operations, as a share of the static part and of the activations: an SD 1.5 UNet step at 256 pixels was measured at 16.7 GB. */
const staticShare = 1.1;
const activationShare = 2;

/**
 * A rough peak of resident memory while training on the CPU, in bytes; undefined when the model's size is not known.
 * Trained parameters take 16 bytes (weight, gradient, two AdamW moments), frozen ones 4, the average 4 more.
 */
export const estimateTrainingMemory = (config: TrainingConfig, model: ModelFacts): number | undefined => {
	if (!model.parameters) {
		return undefined;
	}

	const {unet, textEncoder, autoencoder} = model.parameters;
	const state =
		unet * (config.trainUnet ? 16 + (config.ema ? 4 : 0) : 4) + textEncoder * (config.trainTextEncoder ? 16 : 4) + (config.cacheLatents === 'off' ? autoencoder * 4 : 0);
	const positions = (config.resolution / model.autoencoderFactor) ** 2 / reference.latentPositions;
	// Activations grow with the width of the layers, parameters with its square.
	const width = Math.sqrt(unet / reference.unetParameters);
	const kept = (config.gradientCheckpointing ? reference.checkpointed : reference.activations) * positions * width * (config.precision === 'bf16' ? 0.5 : 1);
	const scores = config.attention === 'full' && !config.gradientCheckpointing ? reference.scores * positions ** 2 * width : 0;
	const images = config.batchSize * (hasPriorPreservation(config) ? 2 : 1);
	return runtimeBytes + state * staticShare + images * (kept + scores) * activationShare;
};
