import type {ModelFacts} from '../base-model.ts';
import type {TrainingConfig} from '../config.ts';
import {checkConfig} from '../constraints.ts';
import {halfOf, hasFusedAttention} from '../gpu.ts';
import {isBlocking} from '../problem.ts';
import type {SettingKey} from '../settings/index.ts';
import type {Placement} from './placement.ts';

/** A change of a config that takes another amount of memory. */
export interface Trade {
	readonly key: SettingKey;
	/** As it begins a line: AdamW with its state in 8 bits. */
	readonly name: string;
	readonly change: Partial<TrainingConfig>;
	/** What it does besides: "about the same speed". */
	readonly note: string;
	/** What it costs in quality, compared first, and in speed: the order in which memory is saved. */
	readonly quality: number;
	readonly speed: number;
}

/** A setting that decides about memory. */
export interface MemoryOption {
	readonly key: SettingKey;
	/** Ways to take less, the cheapest first. */
	savings(config: TrainingConfig, place: Place): readonly Trade[];
	/** The way back from a saving that is in force. */
	undo?(config: TrainingConfig, place: Place): Trade | undefined;
}

/** What of a placement the options look at. */
export type Place = Pick<Placement, 'device' | 'gpu'>;

/** The same optimizer with its state in the other width. */
const in8Bit = {adamw: 'adamw8bit', lion: 'lion8bit'} as const;
const in32Bit = {adamw8bit: 'adamw', lion8bit: 'lion'} as const;
const words = {adamw: 'AdamW', lion: 'Lion'} as const;
const hasKey = <T extends object>(table: T, key: PropertyKey): key is keyof T => Object.hasOwn(table, key);

const cheap = {quality: 0, speed: 0} as const;

const precision: MemoryOption = {
	key: 'precision',
	savings: ({precision}, {device, gpu}) => {
		if (device === 'cpu') {
			return precision === 'f32' ? [{key: 'precision', name: 'bf16', change: {precision: 'bf16'}, note: 'slower on most CPUs', quality: 0, speed: 2}] : [];
		}

		if (precision !== 'f32') {
			// The half copies of all weights can take more than halved activations give back.
			return [{key: 'precision', name: 'f32', change: {precision: 'f32'}, note: 'exact, and slower', quality: 0, speed: 0.15}];
		}

		return gpu ? [{key: 'precision', name: halfOf(gpu), change: {precision: halfOf(gpu)}, note: 'faster', ...cheap}] : [];
	},
};

const attention: MemoryOption = {
	key: 'attention',
	savings({attention, precision}, {device, gpu}) {
		const fuses = device === 'gpu' && gpu !== undefined && hasFusedAttention(gpu) && precision !== 'f32';
		if (fuses && attention !== 'fused') return [{key: 'attention', name: 'Fused attention', change: {attention: 'fused'}, note: 'as fast', ...cheap}];
		return attention === 'full' ? [{key: 'attention', name: 'Attention in chunks', change: {attention: 'chunked'}, note: 'exact, a little slower', quality: 0, speed: 0.1}] : [];
	},
	undo: ({attention}) => (attention === 'full' ? undefined : {key: 'attention', name: 'All of attention at once', change: {attention: 'full'}, note: 'a little faster', ...cheap}),
};

const cacheLatents: MemoryOption = {
	key: 'cacheLatents',
	savings: ({cacheLatents, crop}) => (cacheLatents === 'off' && crop !== 'random' ? [{key: 'cacheLatents', name: 'Cached latents', change: {cacheLatents: 'ram'}, note: 'faster, too', ...cheap}] : []),
	undo: ({cacheLatents}) => (cacheLatents === 'off' ? undefined : {key: 'cacheLatents', name: 'Latents encoded at each step', change: {cacheLatents: 'off'}, note: 'slower', ...cheap}),
};

const optimizer: MemoryOption = {
	key: 'optimizer',
	savings({optimizer, precision}, {gpu}) {
		if (!hasKey(in8Bit, optimizer)) {
			return [];
		}

		// With f32 it is not allowed: the document pairs it with a half precision.
		const half = precision === 'f32' && gpu ? halfOf(gpu) : undefined;
		return [{key: 'optimizer', name: `8-bit ${words[optimizer]}${half ? ` and ${half}` : ''}`, change: {optimizer: in8Bit[optimizer], ...(half && {precision: half})}, note: half ? 'faster' : 'about the same speed', quality: 0, speed: 0.12}];
	},
	undo: ({optimizer}) => (hasKey(in32Bit, optimizer) ? {key: 'optimizer', name: `${words[in32Bit[optimizer]]} with its state in 32 bits`, change: {optimizer: in32Bit[optimizer]}, note: 'about the same speed', ...cheap} : undefined),
};

const gradientCheckpointing: MemoryOption = {
	key: 'gradientCheckpointing',
	savings: ({gradientCheckpointing}) => (gradientCheckpointing ? [] : [{key: 'gradientCheckpointing', name: 'Gradient checkpointing', change: {gradientCheckpointing: true}, note: 'steps take a fifth to a third longer', quality: 0, speed: 0.25}]),
	undo: ({gradientCheckpointing}) => (gradientCheckpointing ? {key: 'gradientCheckpointing', name: 'Without gradient checkpointing', change: {gradientCheckpointing: false}, note: 'steps get shorter by a fifth to a quarter', ...cheap} : undefined),
};

const batchSize: MemoryOption = {
	key: 'batchSize',
	savings: ({batchSize, gradientAccumulation}) => divisorsBelow(batchSize).map((size, i) => ({
		key: 'batchSize',
		name: `Batches of ${size}, ${gradientAccumulation * (batchSize / size)} of them a step`,
		change: {batchSize: size, gradientAccumulation: gradientAccumulation * (batchSize / size)},
		note: 'the same images in each step, slower',
		quality: 0,
		speed: 0.15 * (i + 1),
	})),
	undo: ({batchSize}) => ({key: 'batchSize', name: `Batches of ${2 * batchSize}`, change: {batchSize: 2 * batchSize}, note: 'more images an hour, fewer steps an epoch', ...cheap}),
};

const ema: MemoryOption = {
	key: 'ema',
	savings: ({ema, emaMemory}, {device}) => (ema ?
		[
			...(device === 'gpu' && emaMemory === 'device' ? [{key: 'emaMemory', name: 'The average in main memory', change: {emaMemory: 'host'}, note: 'about a second more each step', quality: 0, speed: 0.3} as const] : []),
			{key: 'ema', name: 'No average of the weights', change: {ema: false}, note: 'little visible effect', quality: 0.5, speed: 0},
		]
	:	[]),
	undo: ({ema, trainUnet, training}) => (ema || !trainUnet || training === 'lora' ? undefined : {key: 'ema', name: 'An average of the weights', change: {ema: true}, note: 'smooths the result a little', ...cheap}),
};

const trainTextEncoder: MemoryOption = {
	key: 'trainTextEncoder',
	savings: ({trainTextEncoder, trainUnet}) => (trainTextEncoder && trainUnet ? [{key: 'trainTextEncoder', name: 'The text encoder as it is', change: {trainTextEncoder: false}, note: 'less likeness, more steps needed', quality: 1, speed: 0}] : []),
	undo: ({trainTextEncoder}) => (trainTextEncoder ? undefined : {key: 'trainTextEncoder', name: 'The text encoder trained, too', change: {trainTextEncoder: true}, note: 'much better likeness in fewer steps', ...cheap}),
};

const training: MemoryOption = {
	key: 'training',
	savings: ({training}) => (training === 'full' ? [{key: 'training', name: 'A LoRA instead of the whole model', change: {training: 'lora', ema: false}, note: 'a small file, a little less likeness', quality: 2, speed: 0}] : []),
	undo: ({training}) => (training === 'lora' ? {key: 'training', name: 'The whole model instead of a LoRA', change: {training: 'full', loraFile: ''}, note: 'the best likeness; the result is a model', ...cheap} : undefined),
};

const resolutionStep = 64;
/** Down to half of what is asked: below that a model loses what it knows. */
const resolution: MemoryOption = {
	key: 'resolution',
	savings: ({resolution}) => Array.from({length: Math.floor(resolution / 2 / resolutionStep)}, (_, i) => resolution - (i + 1) * resolutionStep)
		.filter(smaller => smaller >= Math.max(resolutionStep, resolution / 2))
		.map((smaller, i) => ({key: 'resolution', name: `${smaller} pixels`, change: {resolution: smaller}, note: 'less detail', quality: 4 * (i + 1), speed: 0})),
};

/** All that decides about memory, the three that the program is about first. */
export const memoryOptions: readonly MemoryOption[] = [precision, attention, cacheLatents, optimizer, gradientCheckpointing, batchSize, ema, trainTextEncoder, training, resolution];

/** Whether a changed config breaks no rule that the config before kept: such as 8 bits on the CPU. */
export const isAllowed = (changed: TrainingConfig, before: TrainingConfig, {device}: Place, model?: ModelFacts): boolean => {
	const broken = (config: TrainingConfig) => checkConfig(config, {gpu: device === 'gpu', ...(model && {model})}).filter(isBlocking).map(({key}) => key);
	const known = new Set(broken(before));
	return broken(changed).every(key => known.has(key));
};

const divisorsBelow = (count: number): readonly number[] => Array.from({length: count - 1}, (_, i) => count - 1 - i).filter(divisor => count % divisor === 0);
