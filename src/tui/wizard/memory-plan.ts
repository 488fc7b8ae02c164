import {BaseModelError, estimateTrainingMemory, readModelFacts, settingOf, type Hardware, type ModelFacts, type Setting, type TrainingConfig} from '../../presets/index.ts';

/** What decides most about memory, the three options that the program is about first. */
export const memorySettings: readonly Setting[] = (['precision', 'attention', 'cacheLatents', 'gradientCheckpointing', 'trainTextEncoder', 'ema', 'batchSize', 'resolution'] as const).map(settingOf);

export interface MemoryView {
	/** The peak while training; undefined when the model's size is not known. */
	readonly neededBytes: number | undefined;
	readonly availableBytes: number;
	/** Of the machine or the card. */
	readonly totalBytes: number;
	readonly place: string;
}

/** The model's sizes; undefined while there is no readable base model. */
export function factsOf(baseModel: string): ModelFacts | undefined {
	try {
		return baseModel === '' ? undefined : readModelFacts(baseModel);
	} catch (error) {
		if (error instanceof BaseModelError) {
			return undefined;
		}

		throw error;
	}
}

export const memoryOf = (config: TrainingConfig, model: ModelFacts | undefined): number | undefined => model && estimateTrainingMemory(config, model);

export const viewMemory = (config: TrainingConfig, model: ModelFacts | undefined, {memory}: Hardware): MemoryView => ({
	neededBytes: memoryOf(config, model), availableBytes: memory.availableBytes, totalBytes: memory.totalBytes, place: 'main memory',
});
