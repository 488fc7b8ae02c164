import {stepsOfRun, type TrainingConfig} from '../../presets/index.ts';
import {Batches, heldOut} from '../batches.ts';
import {learningRatesOf, stepsOfTextEncoder} from '../learning-rates.ts';
import type {InspectedImage} from './inspect-images.ts';

/** An instance image of a step. */
export interface PlannedRow {
	readonly file: string;
	readonly width: number;
	readonly height: number;
	/** As the step sees it: tags shuffled or left out. */
	readonly prompt: string;
	readonly flipped: boolean;
}

export interface PlannedStep {
	/** From 1. */
	readonly step: number;
	/** Absent where the UNet is not trained. */
	readonly learningRate?: number;
	/** Absent where the text encoder is not trained, or no longer. */
	readonly textEncoderLearningRate?: number;
	readonly microBatches: readonly (readonly PlannedRow[])[];
}

/** The instance images, prompts and learning rates of the first `count` steps, exactly those of a run with this config. */
export function planSteps(images: readonly InspectedImage[], config: TrainingConfig, count: number): PlannedStep[] {
	const instance = images.map(({file, instancePrompt, concept, bucket}) => ({file, prompt: instancePrompt, concept, ...bucket}));
	// A class image stands beside an instance image and changes nothing about which ones a step has.
	const {set} = heldOut({instance, classImages: []}, config);
	const batches = new Batches(set, config);
	const total = stepsOfRun(config, set.instance.length);
	const ofTextEncoder = stepsOfTextEncoder(config, set.instance.length, total);
	return Array.from({length: Math.min(count, total)}, (_, done) => {
		const [learningRate, textEncoderLearningRate] = learningRatesOf(config, done, total);
		return {
			step: done + 1,
			...(config.trainUnet && {learningRate}),
			...(config.trainTextEncoder && done < ofTextEncoder && {textEncoderLearningRate}),
			microBatches: batches.ofStep(done).map(({rows}) => rows.map(({image: {file, width, height}, prompt, flipped}) => ({file, width, height, prompt, flipped}))),
		};
	});
}
