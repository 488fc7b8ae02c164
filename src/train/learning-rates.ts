import type {TrainingConfig} from '../presets/index.ts';
import {learningRateAt} from './optim/schedules/index.ts';

export type RateConfig = Pick<
	TrainingConfig,
	| 'training' | 'learningRate' | 'textEncoderLearningRate' | 'loraLearningRate' | 'loraTextEncoderLearningRate' | 'learningRateSchedule' | 'warmupSteps' | 'scheduleCycles' | 'schedulePower'
	| 'minLearningRate' | 'scheduleFactor' | 'schedulePosition' | 'scaleLearningRate' | 'batchSize' | 'gradientAccumulation'
>;

/** The learning rates of the step after `done` steps, [UNet, text encoder]; `multipliedBy`: what the person multiplied them by. */
export function learningRatesOf(config: RateConfig, done: number, totalSteps: number, multipliedBy = 1): readonly [number, number] {
	const {training, learningRate, textEncoderLearningRate, loraLearningRate, loraTextEncoderLearningRate, learningRateSchedule, warmupSteps, scheduleCycles, schedulePower, scheduleFactor, schedulePosition, minLearningRate, scaleLearningRate, batchSize, gradientAccumulation} = config;
	const scale = multipliedBy * (scaleLearningRate ? batchSize * gradientAccumulation : 1);
	const rate = (unscaled: number, base = unscaled * scale) => (base === 0 ? 0 : learningRateAt(learningRateSchedule, done, {learningRate: base, warmupSteps, totalSteps, cycles: scheduleCycles, power: schedulePower, startFactor: scheduleFactor, position: schedulePosition, minLearningRate}));
	return training === 'lora' ? [rate(loraLearningRate), rate(loraTextEncoderLearningRate)] : [rate(learningRate), rate(textEncoderLearningRate)];
}

/** How many of the run's steps train the text encoder: whole epochs, as the extension counts them. `images`: instance images of an epoch. */
export function stepsOfTextEncoder({textEncoderStepRatio, batchSize, gradientAccumulation}: Pick<TrainingConfig, 'textEncoderStepRatio' | 'batchSize' | 'gradientAccumulation'>, images: number, totalSteps: number): number {
	const perEpoch = images / (batchSize * gradientAccumulation);
	return textEncoderStepRatio === 1 ? totalSteps : Math.ceil(Math.round((totalSteps / perEpoch) * textEncoderStepRatio) * perEpoch);
}
