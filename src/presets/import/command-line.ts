import type {TrainingConfig} from '../config.ts';
import {defaultConcept, type Concept} from '../concepts.ts';
import {absolutePath} from '../paths.ts';
import {rules} from './extension-config.ts';
import type {Imported, ImportNote} from './import-note.ts';

type Growing<T> = {-readonly [K in keyof T]?: T[K]};

/** What the flags of diffusers' train_dreambooth.py and train_dreambooth_lora.py give. */
interface Reading {
	values: Growing<TrainingConfig>;
	concept: Growing<Concept>;
	flags: ReadonlyMap<string, string | true>;
	note(message: string, what?: ImportNote['what']): void;
}

type Reader = (reading: Reading, value: string) => void;

const number = (key: keyof TrainingConfig): Reader => ({values}, value) => void Object.assign(values, {[key]: Number(value)});
const on = (set: Partial<TrainingConfig>): Reader => ({values}) => void Object.assign(values, set);
const dropped = (reason: string): Reader => ({note}) => note(reason);
/** As the extension's key of that name. */
const likeExtension = (key: string): Reader => ({values, note}, value) => {
	const {set, note: word, refused} = rules[key](value, {});
	Object.assign(values, set);
	if (refused !== undefined) note(refused, 'refused');
	else if (word !== undefined) note(word, 'mapped');
};
const lora = ({flags}: Reading): boolean => flags.has('lora');

const diffusersSchedules: ReadonlySet<string> = new Set(['constant', 'constant_with_warmup', 'linear', 'cosine', 'cosine_with_restarts', 'polynomial']);

const readers: Readonly<Record<string, Reader>> = {
	pretrained_model_name_or_path: ({values, note}, value) => {
		values.baseModel = /^[~./]/.test(value) ? absolutePath(value) : value;
		if (!/^[~./]/.test(value)) note('it names a model on a hub; set baseModel to its folder on this machine');
	},
	instance_data_dir: ({concept}, value) => void (concept.instanceImages = absolutePath(value)),
	class_data_dir: ({concept}, value) => void (concept.classImages = absolutePath(value)),
	instance_prompt: ({concept}, value) => void (concept.instancePrompt = value),
	class_prompt: ({concept}, value) => void (concept.classPrompt = value),
	with_prior_preservation: () => undefined,
	num_class_images: ({concept, flags, note}, value) => {
		if (!flags.has('with_prior_preservation')) return;
		concept.classImagesPerInstance = Math.max(1, Math.round(Number(value) / 10));
		note(`${value} class images in all become ${concept.classImagesPerInstance} for each instance image, as if there were ten`, 'mapped');
	},
	prior_loss_weight: number('priorLossWeight'),
	resolution: number('resolution'),
	center_crop: on({crop: 'center'}),
	random_flip: on({horizontalFlip: true}),
	train_text_encoder: on({trainTextEncoder: true}),
	train_batch_size: number('batchSize'),
	sample_batch_size: number('classBatchSize'),
	num_train_epochs: ({values}, value) => void Object.assign(values, {epochs: Number(value), maxSteps: values.maxSteps ?? 0}),
	max_train_steps: number('maxSteps'),
	checkpointing_steps: number('saveEverySteps'),
	checkpoints_total_limit: number('keepCheckpoints'),
	gradient_accumulation_steps: number('gradientAccumulation'),
	gradient_checkpointing: on({gradientCheckpointing: true}),
	learning_rate: (reading, value) => void Object.assign(reading.values, lora(reading) ? {loraLearningRate: Number(value), loraTextEncoderLearningRate: Number(value)} : {learningRate: Number(value), textEncoderLearningRate: Number(value)}),
	scale_lr: on({scaleLearningRate: true}),
	lr_scheduler: ({values, note}, value) => {
		if (diffusersSchedules.has(value)) values.learningRateSchedule = value as TrainingConfig['learningRateSchedule'];
		else note(`the schedule ${value} is not built in`, 'refused');
	},
	lr_warmup_steps: number('warmupSteps'),
	lr_num_cycles: number('scheduleCycles'),
	lr_power: number('schedulePower'),
	use_8bit_adam: on({optimizer: 'adamw8bit'}),
	adam_beta1: number('adamBeta1'),
	adam_beta2: number('adamBeta2'),
	adam_weight_decay: ({values}, value) => void Object.assign(values, {weightDecay: Number(value), textEncoderWeightDecay: Number(value)}),
	adam_epsilon: number('adamEpsilon'),
	max_grad_norm: number('gradientClip'),
	mixed_precision: likeExtension('mixed_precision'),
	enable_xformers_memory_efficient_attention: on({attention: 'fused'}),
	seed: number('seed'),
	snr_gamma: number('minSnrGamma'),
	offset_noise: on({offsetNoise: 0.1}),
	rank: number('loraRank'),
	output_dir: dropped('every run has a folder of its own; outputFolder puts a copy of the result where you want it'),
	validation_prompt: ({values}, value) => void (values.samplePrompts = [value]),
	num_validation_images: dropped('write a sample prompt for each picture'),
	validation_steps: number('sampleEverySteps'),
	validation_epochs: ({values}, value) => void Object.assign(values, {sampleEveryEpochs: Number(value), sampleEverySteps: 0}),
	tokenizer_max_length: dropped('maxTokenLength says how long a prompt may be'),
	report_to: dropped('a run writes its own log'),
	logging_dir: dropped('a run writes its own log'),
	allow_tf32: dropped('the device decides'),
	dataloader_num_workers: dropped('images are read beside the training by themselves'),
	set_grads_to_none: dropped('gradients live only inside a step here'),
	prior_generation_precision: dropped('class images are made in the precision of the run'),
	resume_from_checkpoint: dropped('a run is resumed with dreambooth resume'),
	revision: dropped('a folder on this machine has one'),
	variant: dropped('a folder on this machine has one'),
	push_to_hub: dropped('nothing is sent anywhere'),
	hub_token: dropped('nothing is sent anywhere'),
	hub_model_id: dropped('nothing is sent anywhere'),
	local_rank: dropped('a run uses one device'),
	pre_compute_text_embeddings: dropped('texts are encoded once by themselves when the text encoder is not trained'),
};

/** Whether a text is a command line that trains with one of diffusers' scripts. */
export const looksLikeCommandLine = (text: string): boolean => /train_dreambooth\w*\.py/.test(text);

/** The words of a shell command: quotes and line continuations are understood, nothing is expanded. */
function shellWords(text: string): string[] {
	const found: string[] = [];
	for (const [, double, single, plain] of text.replaceAll(/\\\r?\n/g, ' ').matchAll(/((?:[^\s"']*"[^"]*")+[^\s"']*)|((?:[^\s"']*'[^']*')+[^\s"']*)|(\S+)/g)) {
		found.push((double ?? single ?? plain).replaceAll(/["']/g, ''));
	}
	return found;
}

/** The flags of a command line behind the script's name: `--a b`, `--a=b`, `--a`. */
function flagsOf(text: string): Map<string, string | true> {
	const flags = new Map<string, string | true>();
	const all = shellWords(text);
	const script = all.findIndex(word => looksLikeCommandLine(word));
	if (all[script].includes('lora')) flags.set('lora', true);
	for (let i = script + 1; i < all.length; i++) {
		const [, name, value] = /^--([\w-]+)(?:=(.*))?$/s.exec(all[i]) ?? [];
		if (name === undefined) continue;
		const next = all[i + 1];
		const taken = value ?? (next !== undefined && !next.startsWith('--') ? all[++i] : undefined);
		flags.set(name.replaceAll('-', '_'), taken ?? true);
	}
	return flags;
}

/** A command line of diffusers' scripts: its values as ours, and a note about each flag that is not simply taken over. */
export function importCommandLine(text: string): Imported {
	const flags = flagsOf(text);
	const notes: ImportNote[] = [];
	// What the scripts do when nothing is said.
	const reading: Reading = {
		values: {trainTextEncoder: false, adamBeta1: 0.9, saveEverySteps: 500, ...(flags.has('lora') ? {training: 'lora' as const} : {learningRate: 5e-6})},
		concept: {},
		flags,
		note() {},
	};
	for (const [key, value] of flags) {
		if (key === 'lora') continue;
		reading.note = (message, what = 'dropped') => void notes.push({key, what, message: `--${key}: ${message}.`});
		const read = readers[key];
		if (read) read(reading, value === true ? '' : value);
		else reading.note('it is not known');
	}
	const {values, concept} = reading;
	return {values: {...values, ...(Object.keys(concept).length > 0 && {concepts: [{...defaultConcept(), ...concept}]})}, notes};
}
