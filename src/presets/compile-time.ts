import type {ModelFacts} from './base-model.ts';
import {hasPriorPreservation} from './concepts.ts';
import type {TrainingConfig} from './config.ts';
import {engineOn} from './engine.ts';
import {textEncoderUnits, unetUnits, parametersOf, type Unit} from './memory/network-units.ts';
import type {Placement} from './memory/placement.ts';

type Shaped = Pick<ModelFacts, 'shape'>;

/**
 * What XLA takes for one function goes with the number of layers, not with their size: with the same flags a network of 2 million
 * parameters in 25 layers took 100 s where SD 1.5, 860 million in 47, took 197 s (NVIDIA H200). Measured as it is now: SD 1.5 80 s, and 4.5 s
 * from the cache on disk; with gradient checkpointing, whose layers are there twice, and 8-bit AdamW 102 s, and 11 s (bench/results/gpu-table.json).
 * On a CPU the demo's 25 layers take 20 s, and nothing is kept.
 */
const measured = {gpu: {first: 80 / 47, again: 4.5 / 47}, cpu: {first: 20 / 25}, checkpointing: {first: 102 / 80, again: 11 / 4.5}} as const;

/** Seconds. */
export interface CompileTime {
	readonly first: number;
	/** Of a function that was compiled before on this machine. */
	readonly again: number;
}

/** The UNet for pictures, SD 1.5 at 512 pixels on an H200: see predictions.ts of the training. */
export const predictionCompileTime: CompileTime = {first: 40, again: 4};

/** How long XLA compiles one function of the training step, roughly. */
export const compileTime = (model: Shaped, device: Placement['device'], {trainsTextEncoder, gradientCheckpointing}: {readonly trainsTextEncoder: boolean; readonly gradientCheckpointing: boolean}): CompileTime => {
	const layers = layersOf(model, trainsTextEncoder).length;
	const times = gradientCheckpointing ? measured.checkpointing : {first: 1, again: 1};
	const first = times.first * measured[device].first * layers;
	return {first, again: device === 'gpu' ? times.again * measured.gpu.again * layers : first};
};

/**
 * What a plain graph takes longer than XLA for each call on a GPU: starting its many kernels, by layers (demo: 42.0 and 5.4 ms with 29 of them), and
 * arithmetic, by images (SD 1.5 at 512 pixels: 110.9 and 44.1 ms; bench/results/gpu.json).
 */
const slower = {perLayer: 0.0366 / 29, perImage: 0.0668 - (47 * 0.0366) / 29, pixels: 512 ** 2, parameters: 859_520_964} as const;

/** The seconds that one call of a compiled function saves on a GPU. */
export const secondsSavedByCompiling = (model: Shaped, {images, pixels, trainsTextEncoder}: {readonly images: number; readonly pixels: number; readonly trainsTextEncoder: boolean}): number => {
	const layers = layersOf(model, trainsTextEncoder);
	return slower.perLayer * layers.length + slower.perImage * images * (pixels / slower.pixels) * (parametersOf(layers) / slower.parameters);
};

const layersOf = ({shape}: Shaped, trainsTextEncoder: boolean): readonly Unit[] => [
	...unetUnits(shape.unet, {height: 1, width: 1, tokens: 1}),
	...(trainsTextEncoder ? textEncoderUnits(shape.textEncoder) : []),
];

/** `3 step functions to compile, about 2 minutes each the first time on this machine, 15 seconds later on`; `what`: for each of what so many */
export const describeCompiling = (times: readonly CompileTime[], what?: string): string => {
	const [first, again] = [Math.max(...times.map(time => time.first)), Math.max(...times.map(time => time.again))];
	const each = times.length === 1 && what === undefined ? '' : ' each';
	return `${times.length} step ${times.length === 1 ? 'function' : 'functions'} to compile${what === undefined ? '' : ` for each ${what}`}, ${describeCompileTime({first, again}, {each})}`;
};

/** `about 80 seconds the first time on this machine, 5 seconds later on`; where it is known which of them this is, `about 5 seconds, as it was compiled before on this machine` */
export const describeCompileTime = ({first, again}: CompileTime, {known, each = ''}: {readonly known?: boolean; readonly each?: string} = {}): string => {
	if (again >= first) return `about ${rough(first)}${each}`;
	switch (known) {
		case undefined: {
			return `about ${rough(first)}${each} the first time on this machine, ${rough(again)} later on`;
		}

		case true: {
			return `about ${rough(again)}, as it was compiled before on this machine`;
		}

		case false: {
			return `about ${rough(first)}, for the first time on this machine`;
		}
	}
};

/**
 * The functions that a run compiles for one shape of image, whatever images there are: before and after the text encoder stops, and micro-batches
 * that add gradients up beside those that update. Empty where nothing is compiled.
 */
export const compileTimesOfShape = (config: TrainingConfig, model: Shaped, device: Placement['device']): readonly CompileTime[] => {
	if (engineOn(config, device) !== 'xla') {
		return [];
	}

	const {trainTextEncoder, textEncoderStepRatio: share, gradientAccumulation, padTokens, gradientCheckpointing} = config;
	const phases = trainTextEncoder && share > 0 ? (share < 1 ? [true, false] : [true]) : [false];
	const parts = gradientAccumulation > 1 || (!padTokens && hasPriorPreservation(config)) ? 2 : 1;
	return phases.flatMap(trainsTextEncoder => Array.from({length: parts}, () => compileTime(model, device, {trainsTextEncoder, gradientCheckpointing})));
};

/** Seconds in words, to about a tenth. */
const rough = (seconds: number): string => {
	if (seconds >= 120) {
		return `${Math.round(seconds / 60)} minutes`;
	}

	const rounded = seconds >= 20 ? 5 * Math.round(seconds / 5) : Math.max(1, Math.round(seconds));
	return `${rounded} ${rounded === 1 ? 'second' : 'seconds'}`;
};
