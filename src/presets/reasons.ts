import type {ModelFacts} from './base-model.ts';
import {formatBytes} from './bytes.ts';
import type {TrainingConfig} from './config.ts';
import {chooseGpu, gpuUse, halfOf, hiddenGpus, trainsOnGpu, whyNoGpu} from './gpu.ts';
import type {Hardware} from './hardware.ts';
import type {Change} from './memory/fit.ts';
import {planFor, type Placement} from './memory/placement.ts';
import type {Gpu} from './nvidia-smi.ts';
import type {SettingValue} from './setting.ts';
import type {SettingKey} from './settings/index.ts';

/** Why a setting has its value. */
export interface Reason {
	readonly key: SettingKey;
	readonly value: SettingValue;
	/** Whole sentences. */
	readonly reason: string;
	/** What the value takes of the peak beside the other choice; negative: what it saves. */
	readonly bytes?: number;
}

export interface Choice {
	readonly config: TrainingConfig;
	readonly hardware: Hardware;
	readonly place: Placement;
	/** A card that was tried first and has no room for this. */
	readonly tooSmall?: Gpu;
	/** What was given up so that it fits. */
	readonly changes: readonly Change[];
	readonly model?: ModelFacts;
}

/** A reason for each setting that the machine decides about; the three that the program is about always, whether on or off. */
export const reasonsFor = (choice: Choice): readonly Reason[] => {
	const {config, model, changes} = choice;
	const {precision, attention, cacheLatents, trainTextEncoder, gradientCheckpointing} = config;
	const own = model && config.baseModel !== 'demo';
	const reasons = [
		because(choice, 'device', deviceReason(choice)),
		because(choice, 'engine', engineReason(choice)),
		because(choice, 'precision', precisionReason(choice), {precision: precision === 'f32' ? otherHalf(choice) : 'f32'}),
		because(choice, 'attention', attentionReason(choice), {attention: attention === 'full' ? 'chunked' : 'full'}),
		because(choice, 'cacheLatents', cacheReason(choice), {cacheLatents: cacheLatents === 'off' ? 'ram' : 'off'}),
		...(model ? [because(choice, 'resolution', resolutionReason(choice, model))] : []),
		...(own ? [because(choice, 'trainTextEncoder', textEncoderReason(choice), {trainTextEncoder: !trainTextEncoder}), because(choice, 'gradientCheckpointing', checkpointingReason(choice), {gradientCheckpointing: !gradientCheckpointing})] : []),
	];
	const others = changes.filter(({key}) => !reasons.some(reason => reason.key === key));
	return [...reasons, ...others.map(({key, bytes, text}): Reason => ({key, value: config[key], reason: `Needed to fit. ${text}.`, bytes}))];
};

const because = (choice: Choice, key: SettingKey, reason: string, other?: Partial<TrainingConfig>): Reason => {
	const bytes = other && differenceTo(choice, other);
	return {key, value: choice.config[key], reason, ...(bytes === undefined ? {} : {bytes})};
};

/** What the config takes more than with the other choice. */
const differenceTo = ({config, model, place}: Choice, other: Partial<TrainingConfig>): number | undefined =>
	model && planFor(config, model, place).peakBytes - planFor({...config, ...other}, model, place).peakBytes;

/** ", which saves 1.2 GiB", ", for 1.2 GiB", or nothing where it makes no difference. */
const inGib = (bytes: number | undefined): string => (bytes === undefined || Math.abs(bytes) < 2 ** 30 / 20 ? '' : bytes < 0 ? `, which saves ${formatBytes(-bytes)}` : `, for ${formatBytes(bytes)}`);

const wasNeeded = ({changes}: Choice, key: SettingKey): boolean => changes.some(change => change.key === key);

const deviceReason = ({config, hardware: {cpu, gpu: report}, place, tooSmall}: Choice): string => {
	if (place.gpu) {
		const {name, index, freeBytes, totalBytes} = place.gpu;
		const use = gpuUse(place.gpu);
		const others = report.state === 'present' && report.gpus.length > 1 ? ` There are ${report.gpus.length} GPUs; this is GPU ${index}, ${config.gpu === 'auto' ? 'with the most free memory' : 'as asked for'}.` : '';
		return `Training runs on the ${name}, with ${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free.${others}${use === undefined ? '' : ` ${use}`}`;
	}

	const cores = `the CPU with ${cpu.cores} ${cpu.cores === 1 ? 'core' : 'cores'}`;
	if (tooSmall) {
		return `Training runs on ${cores}, which is slow: the ${tooSmall.name} has no room for this model, whatever is saved, with ${formatBytes(tooSmall.freeBytes)} free.`;
	}

	switch (report.state) {
		case 'present': {
			const usable = chooseGpu(report, config.gpu);
			return usable ? trainsOnGpu() ? `Training runs, as asked for, on ${cores}; it does not use the ${usable.name}.` : `Training runs on ${cores}; to have it use the ${usable.name}, set TensorFlow up for it: dreambooth setup --gpu.` : `Training runs on ${cores}. ${whyNoGpu(report, config.gpu)}`;
		}

		case 'driver-fails': {
			return `Training runs on ${cores}. ${whyNoGpu(report)}`;
		}

		default: {
			return report.state === 'none' && report.hidden !== undefined ? `Training runs on ${cores}. ${hiddenGpus(report.hidden)}` : `Training runs on ${cores}; there is no NVIDIA GPU.`;
		}
	}
};

const engineReason = ({place}: Choice): string => (place.device === 'gpu' ?
	'On a GPU this is XLA: it compiles for some minutes the first time and is then nearly three times as fast as the graph.'
:	'On a CPU this is the graph: it starts in a second, where XLA compiles for 20 and is hardly faster.');

const precisionReason = (choice: Choice): string => {
	const {config: {precision}, place} = choice;
	if (precision !== 'f32') {
		return `On: ${place.device === 'gpu' ? 'this card is much faster with half-precision numbers' : 'asked for, though most CPUs are slower with it'}; the weights stay exact${inGib(differenceTo(choice, {precision: 'f32'}))}.`;
	}

	if (place.device === 'cpu') {
		return 'Off: f32 is exact, and on most CPUs faster than bf16.';
	}

	return `Off: the half-precision copies of all weights would take more than half the activations give back, ${formatBytes(Math.max(0, -(differenceTo(choice, {precision: otherHalf(choice)}) ?? 0)))} that are not there.`;
};

const otherHalf = ({place: {gpu}}: Choice): 'bf16' | 'f16' => (gpu ? halfOf(gpu) : 'bf16');

const attentionReason = (choice: Choice): string => {
	switch (choice.config.attention) {
		case 'full': {
			return `Off: all scores at once is faster, and there is room for them${inGib(differenceTo(choice, {attention: 'chunked'}))}.`;
		}

		case 'fused': {
			return `On: one kernel of the GPU computes the attention of large layers and keeps no scores${inGib(differenceTo(choice, {attention: 'full'}))}; it is as fast as all scores at once, or faster.`;
		}

		default: {
			return `On: attention is computed in chunks and keeps no large score matrix${inGib(differenceTo(choice, {attention: 'full'}))}; the result is the same.`;
		}
	}
};

const cacheReason = ({config: {cacheLatents, crop}}: Choice): string => {
	if (cacheLatents !== 'off') {
		return 'On: every image is encoded once instead of at each step, which is faster and takes no more memory than one encoding.';
	}

	return crop === 'random' ? 'Off: a random crop is another image each time, so there is nothing to keep.' : 'Off: asked for; every image is encoded again at each step.';
};

const resolutionReason = (choice: Choice, model: ModelFacts): string => {
	const {config: {resolution}} = choice;
	if (resolution === model.resolution) {
		return `The base model was made for ${model.resolution} pixels.`;
	}

	return wasNeeded(choice, 'resolution') ? `Needed to fit: the base model was made for ${model.resolution} pixels, and loses detail at ${resolution}.` : `Asked for; the base model was made for ${model.resolution} pixels.`;
};

const textEncoderReason = (choice: Choice): string => {
	const {config: {trainTextEncoder}} = choice;
	if (trainTextEncoder) {
		return `On: a trained text encoder gives much better likeness in fewer steps${inGib(differenceTo(choice, {trainTextEncoder: false}))}.`;
	}

	return wasNeeded(choice, 'trainTextEncoder') ? `Off: there is no room for it${inGib(differenceTo(choice, {trainTextEncoder: true}))}, whatever else is saved. It would give better likeness.` : 'Off: asked for.';
};

const checkpointingReason = (choice: Choice): string => (choice.config.gradientCheckpointing ?
	`On: activations are computed again instead of kept${inGib(differenceTo(choice, {gradientCheckpointing: false}))}; steps take a fifth to a third longer.`
:	'Off: there is room for all activations, and steps are faster.');
