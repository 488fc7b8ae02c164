import {readModelFacts, type ModelFacts} from './base-model.ts';
import {BaseModelError} from './model-error.ts';
import type {TrainingConfig} from './config.ts';
import {demoConfig} from './demo.ts';
import {formatBytes, type Hardware} from './hardware.ts';
import {estimateTrainingMemory} from './memory-estimate.ts';
import type {SettingValue} from './setting.ts';
import type {SettingKey} from './settings/index.ts';
import {subjectConfig, type Subject} from './shipped.ts';

export interface Wishes {
	readonly baseModel: string;
	readonly subject?: Subject;
}

export interface Reason {
	readonly key: SettingKey;
	readonly value: SettingValue;
	/** A whole sentence. */
	readonly reason: string;
}

export interface Recommendation {
	readonly config: TrainingConfig;
	/** Why the machine and the model ask for these values. */
	readonly reasons: readonly Reason[];
	/** A rough peak while training; absent when the model's size cannot be told. */
	readonly memoryBytes?: number;
}

/** What takes less memory, the cheapest first. */
const savers: readonly {readonly change: Partial<TrainingConfig>; readonly key: SettingKey; readonly saves: string}[] = [
	{change: {gradientCheckpointing: true}, key: 'gradientCheckpointing', saves: 'Steps take about a fifth longer and keep less'},
	{change: {trainTextEncoder: false}, key: 'trainTextEncoder', saves: 'The text encoder stays as it is, at a price in likeness'},
];

/** A memory margin for everything else on the machine. */
const usableShare = 0.9;

/** The config that suits machine, base model and subject, with the reason of each choice. A base model that cannot be read only lacks its part of the advice. */
export const recommendConfig = (hardware: Hardware, {baseModel, subject = 'object'}: Wishes): Recommendation => {
	const model = factsOf(baseModel);
	let config: TrainingConfig = baseModel === 'demo' ? demoConfig() : {...subjectConfig(subject), baseModel, ...(model ? {resolution: model.resolution} : {})};
	const reasons: Reason[] = [
		{key: 'device', value: config.device, reason: deviceReason(hardware)},
		{key: 'engine', value: config.engine, reason: 'On a CPU this is the graph: it starts in a second, where XLA compiles for 20 and is hardly faster.'},
		{key: 'precision', value: config.precision, reason: 'f32 is exact, and on most CPUs faster than bf16.'},
		{key: 'cacheLatents', value: config.cacheLatents, reason: 'Images are encoded once instead of at each step, and the autoencoder leaves memory.'},
	];
	if (model) {
		reasons.push({key: 'resolution', value: config.resolution, reason: `The base model was made for ${model.resolution} pixels.`});
	}

	if (model?.parameters && baseModel !== 'demo') {
		const available = hardware.memory.availableBytes * usableShare;
		for (const {change, key, saves} of savers) {
			const before = estimateTrainingMemory(config, model)!;
			if (before <= available) {
				break;
			}

			config = {...config, ...change};
			reasons.push({
				key,
				value: config[key],
				reason: `${saves}: ${formatBytes(estimateTrainingMemory(config, model)!)} instead of ${formatBytes(before)}, of ${formatBytes(hardware.memory.availableBytes)} available.`,
			});
		}

		const needed = estimateTrainingMemory(config, model)!;
		if (needed > available) {
			reasons.push({
				key: 'baseModel',
				value: baseModel,
				reason: `This model needs about ${formatBytes(needed)} to train; ${formatBytes(hardware.memory.availableBytes)} are available. Use a machine with more memory, or the demo model.`,
			});
		}
	}

	const memoryBytes = model && estimateTrainingMemory(config, model);
	return {config, reasons, ...(memoryBytes === undefined ? {} : {memoryBytes})};
};

const factsOf = (baseModel: string): ModelFacts | undefined => {
	try {
		return baseModel === '' ? undefined : readModelFacts(baseModel);
	} catch (error) {
		if (error instanceof BaseModelError) {
			return undefined;
		}

		throw error;
	}
};

const deviceReason = ({cpu, gpu}: Hardware): string => {
	const cores = `the CPU with ${cpu.cores} ${cpu.cores === 1 ? 'core' : 'cores'}`;
	switch (gpu.state) {
		case 'present': {
			return `This version trains on ${cores}; it does not use the ${gpu.gpus[0].name} yet.`;
		}

		case 'driver-fails': {
			return `Training runs on ${cores}. The NVIDIA driver does not work: ${gpu.message.split('\n')[0]}`;
		}

		default: {
			return `Training runs on ${cores}; there is no NVIDIA GPU.`;
		}
	}
};
