import {readConceptList} from '../concept-list.ts';
import type {TrainingConfig} from '../config.ts';
import {nearest} from '../nearest.ts';
import {accepts, formatValue, schemaOf} from '../schema.ts';
import {settings} from '../settings/index.ts';
import type {Imported, ImportNote} from './import-note.ts';

/** What a key becomes: values, with a word about it where the meaning changes; or a reason why it becomes nothing. */
type Rule = (value: unknown, all: Readonly<Record<string, unknown>>) => {readonly set?: Partial<TrainingConfig>; readonly note?: string; readonly dropped?: string; readonly refused?: string};

const isOn = (value: unknown): boolean => value === true || value === 'true' || value === 1;
const words = (value: unknown): string => String(value ?? '').trim().toLowerCase();

const optimizers: Readonly<Record<string, TrainingConfig['optimizer']>> = {
	adamw: 'adamw', 'torch adamw': 'adamw', '8bit adamw': 'adamw8bit', 'adamw 8bit': 'adamw8bit', adamw8bit: 'adamw8bit', lion: 'lion', '8bit lion': 'lion8bit', lion8bit: 'lion8bit', adafactor: 'adafactor', sgd: 'sgd',
};

/** Settings.md 6.8: the extension's names mean other curves than diffusers'. */
const schedules: Readonly<Record<string, TrainingConfig['learningRateSchedule']>> = {
	constant: 'constant', linear: 'ramp', constant_with_warmup: 'constant_with_warmup', linear_with_warmup: 'linear', cosine: 'cosine', cosine_with_restarts: 'cosine_with_restarts', polynomial: 'polynomial',
	cosine_annealing: 'cosine_annealing', cosine_annealing_with_restarts: 'cosine_annealing_with_restarts', rex: 'rex',
};

const samplers: Readonly<Record<string, TrainingConfig['sampler']>> = {ddim: 'ddim', euler: 'euler', euler_a: 'euler_a', 'euler a': 'euler_a', eulerancestraldiscrete: 'euler_a', eulerdiscrete: 'euler', dpmsolvermultistep: 'dpmpp_2m', 'dpm++ 2m': 'dpmpp_2m', pndm: 'pndm', unipc: 'unipc', unipcmultistep: 'unipc'};

export const rules: Readonly<Record<string, Rule>> = {
	attention(value) {
		const name = words(value);
		return name === 'default' || name === 'no' ? {set: {attention: 'full'}} : {set: {attention: 'fused'}, note: `${name} becomes fused: one kernel on a GPU, in chunks elsewhere`};
	},
	cache_latents: value => ({set: {cacheLatents: isOn(value) ? 'ram' : 'off'}}),
	not_cache_latents: value => ({set: {cacheLatents: isOn(value) ? 'off' : 'ram'}, note: 'it said the opposite of cacheLatents'}),
	use_cpu: value => (isOn(value) ? {set: {device: 'cpu'}} : {}),
	force_cpu: value => (isOn(value) ? {set: {device: 'cpu'}} : {}),
	use_8bit_adam: value => (isOn(value) ? {set: {optimizer: 'adamw8bit'}} : {}),
	optimizer(value) {
		const found = optimizers[words(value)];
		return found ? {set: {optimizer: found}} : {refused: `the optimizer ${formatValue(value)} is not built in, and another would not train the same; choose one of ${Object.values(optimizers).filter((name, i, all) => all.indexOf(name) === i).join(', ')}`};
	},
	mixed_precision(value) {
		const name = words(value);
		return {set: {precision: name === 'bf16' ? 'bf16' : name === 'fp16' ? 'f16' : 'f32'}};
	},
	stop_text_encoder(value) {
		const ratio = Number(value);
		return ratio === 0 ? {set: {trainTextEncoder: false}, note: '0 trains no text encoder'} : {set: {textEncoderStepRatio: ratio}};
	},
	offset_noise(value) {
		const strength = Number(value);
		return strength < 0 ? {set: {offsetNoise: 0}, note: 'a negative value meant off'} : {set: {offsetNoise: Math.min(0.3, strength)}, ...(strength > 0.3 && {note: 'more than 0.3 is not useful and becomes 0.3'})};
	},
	use_lora: value => ({set: {training: isOn(value) ? 'lora' : 'full'}}),
	use_lora_extended: (value, all) => (isOn(value) && isOn(all.use_lora) ? {set: {loraTargets: 'all'}} : {}),
	lora_weight: () => ({dropped: 'the strength of a LoRA is chosen where it is used or merged'}),
	lora_txt_weight: () => ({dropped: 'the strength of a LoRA is chosen where it is used or merged'}),
	lr_scheduler(value) {
		const found = schedules[words(value)];
		const differs = words(value) === 'linear' || words(value) === 'linear_with_warmup';
		return found ? {set: {learningRateSchedule: found}, ...(differs && {note: `${words(value)} of the extension is ${found} here`})} : {refused: `the schedule ${formatValue(value)} needs an optimizer that is not built in`};
	},
	lr_warmup_steps: value => ({set: {warmupSteps: Number(value)}, ...(Number(value) > 0 && {note: 'the extension counted samples; here they are optimizer steps'})}),
	num_train_epochs: value => ({set: {epochs: Number(value), maxSteps: 0}}),
	max_train_steps: value => (Number(value) > 0 ? {set: {maxSteps: Number(value)}} : {}),
	center_crop: value => ({set: {crop: isOn(value) ? 'center' : 'none'}}),
	save_preview_every: value => ({set: {sampleEveryEpochs: Number(value), sampleEverySteps: 0}}),
	save_embedding_every: value => ({set: {saveEveryEpochs: Number(value), saveEverySteps: 0}}),
	save_model_every: value => ({set: {saveEveryEpochs: Number(value), saveEverySteps: 0}}),
	half_model: value => ({set: {outputPrecision: isOn(value) ? 'f16' : 'f32'}}),
	scheduler(value) {
		const found = samplers[words(value)];
		return found ? {set: {sampler: found}} : {dropped: `the sampler ${formatValue(value)} is not there; the default makes the samples`};
	},
	ema_on_cpu: value => ({set: {emaMemory: isOn(value) ? 'host' : 'device'}}),
	disable_class_matching: value => ({set: {classMatching: isOn(value) ? 'all' : 'match'}}),
	v2: (value, all) => (isOn(value) && Number(all.resolution) >= 768 ? {set: {prediction: 'v_prediction'}} : {}),
	model_type: value => (words(value) === 'v2x' ? {set: {prediction: 'v_prediction'}} : words(value) === 'sdxl' ? {refused: 'Stable Diffusion XL cannot be trained here'} : {}),
	prior_loss_target: value => ({set: {priorLossTarget: Number(value) || 150}}),
	prior_loss_weight_min: value => ({set: {priorLossWeightMin: Number(value) || 0.1}}),
	concepts_list(value) {
		if (!Array.isArray(value) || value.length === 0) return {};
		const valid = value.filter(entry => typeof entry === 'object' && entry !== null && (entry as {instance_data_dir?: unknown}).instance_data_dir);
		const {concepts, problems} = readConceptList(JSON.stringify(valid));
		return concepts ? {set: {concepts}, ...(problems.length > 0 && {note: problems.map(({message}) => message).join(' ')})} : {refused: problems.map(({message, cure}) => `${message} ${cure}`).join(' ')};
	},
	concepts_path(value) {
		if (typeof value !== 'string' || value === '') return {};
		const {concepts, problems} = readConceptList(value);
		return concepts ? {set: {concepts}} : {refused: problems.map(({message, cure}) => `${message} ${cure}`).join(' ')};
	},
};

const notDone = (what: string): Rule => value => (isOn(value) || Number(value) > 0 ? {refused: `${what} is not built in`} : {});
const because = (dropped: string): Rule => () => ({dropped});

/** What is switched off by itself when it is off, and why it is not there. */
const absent: Readonly<Record<string, Rule>> = {
	tomesd: notDone('token merging'), use_dream: notDone('DREAM'), dream_detail_preservation: because('it belongs to DREAM, which is not built in'), strict_tokens: notDone('strict tokens'), use_subdir: because('every run has a folder of its own'),
	dynamic_img_norm: notDone('normalizing each image by itself (it leaves the range that the autoencoder expects)'), gradient_set_to_none: because('gradients live only inside a step here'), set_gradients_to_none: because('gradients live only inside a step here'),
	noise_scheduler: because('it makes no difference to training'), unfreeze_model: because('it had no visible effect'), has_ema: because('it describes the old model folder'),
	graph_smoothing: because('the dashboard has + and - for it'), debug_buckets: because('dreambooth inspect --steps shows what it did'), bucket_crop: because('dreambooth inspect --crops does it'),
	save_safetensors: because('safetensors is the only format that is written'), save_ckpt_after: because('the finished model is always written'), save_lora_after: because('a finished LoRA is always written'), save_lora_during: because('saveModelDuring writes it'), save_lora_cancel: because('saveModelOnStop writes it'), save_lora_for_extra_net: because('outputFolder puts a copy where you want it'),
	save_state_during: because('every checkpoint holds the full state'), save_state_after: because('every checkpoint holds the full state'), save_state_cancel: because('stopping asks'),
	use_concepts: because('a concepts list is used when there is one'), num_save_samples: because('each concept has its number'), webhook: because('there are no web hooks; the event log of a run can be followed'), discord_web_hook: because('there are no web hooks; the event log of a run can be followed'),
	model_dir: because('a run has a folder of its own'), model_path: because('a run has a folder of its own'), pretrained_model_path: because('a run has a folder of its own'), revision: because('counters belong to a run'), epoch: because('counters belong to a run'), lifetime_revision: because('counters belong to a run'), initial_revision: because('counters belong to a run'), lifetime_epoch: because('counters belong to a run'),
	snapshot: because('a run is resumed with dreambooth resume'), dadapt_weight_decay: because('D-Adaptation is not built in'), config_prefix: because('it means nothing here'), weight_decay_type: because('it means nothing here'),
};

const byExtensionKey = new Map(settings.flatMap(setting => (setting.extension?.keys ?? []).map(key => [key, setting] as const)));

/** Whether a file's content is a config of the extension. */
export const looksLikeExtensionConfig = (json: unknown): json is Readonly<Record<string, unknown>> =>
	typeof json === 'object' && json !== null && !Array.isArray(json) && Object.keys(json).some(key => key.includes('_') && (key in rules || byExtensionKey.has(key)));

/** Every key of a `db_config.json`: its values as ours, and a note about each that is not simply taken over. */
export function importExtensionConfig(json: Readonly<Record<string, unknown>>): Imported {
	const values: Partial<TrainingConfig> = {};
	const notes: ImportNote[] = [];
	for (const [key, value] of Object.entries(json)) {
		if (value === null || value === undefined) continue;
		const rule = rules[key] ?? absent[key];
		const setting = byExtensionKey.get(key);
		if (rule) {
			const {set, note, dropped, refused} = rule(value, json);
			Object.assign(values, set);
			if (refused !== undefined) notes.push({key, what: 'refused', message: `${key}: ${refused}.`});
			else if (dropped !== undefined) notes.push({key, what: 'dropped', message: `${key}: ${dropped}.`});
			else if (note !== undefined) notes.push({key, what: 'mapped', message: `${key}: ${note}.`});
		} else if (setting) {
			const meant = setting.type === 'toggle' ? isOn(value) : setting.type === 'int' || setting.type === 'real' ? Number(value) : setting.type === 'texts' ? [String(value)] : value;
			if (schemaOf(setting).safeParse(meant).success) Object.assign(values, {[setting.key]: meant});
			else notes.push({key, what: 'refused', message: `${key} is ${formatValue(value)}; ${setting.key} must ${accepts(setting)}.`});
		} else {
			const meant = nearest(key, [...byExtensionKey.keys(), ...Object.keys(rules)]);
			notes.push({key, what: 'dropped', message: `${key} is not known${meant === undefined ? '' : `; ${meant} is`}.`});
		}
	}
	return {values, notes};
}
