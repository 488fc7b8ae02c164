import type {TrainingConfig} from '../presets/index.ts';

/** How steps and epochs of a run relate. */
export interface Pace {
	/** Instance images per optimizer step. */
	readonly imagesPerStep: number;
	/** Instance images per epoch. */
	readonly imagesPerEpoch: number;
}

/** What is to be done after a step, by the intervals of the config: counted in steps, in epochs, or both. */
export function dueAfter(step: number, config: TrainingConfig, {imagesPerStep, imagesPerEpoch}: Pace) {
	const inSteps = (every: number) => every > 0 && step % every === 0;
	const inEpochs = (every: number) => every > 0 && multiplesUpTo(step * imagesPerStep, every * imagesPerEpoch) > multiplesUpTo((step - 1) * imagesPerStep, every * imagesPerEpoch);
	return {
		save: inSteps(config.saveEverySteps) || inEpochs(config.saveEveryEpochs),
		sample: inSteps(config.sampleEverySteps) || inEpochs(config.sampleEveryEpochs),
		validate: config.validationImages > 0 && inSteps(config.validateEverySteps),
		coolDown: config.pauseSeconds > 0 && inEpochs(config.pauseEveryEpochs),
	};
}

/** Whether samples are made at all. */
export const makesSamples = ({sampleEverySteps, sampleEveryEpochs}: Pick<TrainingConfig, 'sampleEverySteps' | 'sampleEveryEpochs'>): boolean => sampleEverySteps > 0 || sampleEveryEpochs > 0;

const multiplesUpTo = (count: number, every: number): number => Math.floor(count / every);
