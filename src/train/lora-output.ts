import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import type {TrainingConfig} from '../presets/index.ts';
import type {Network} from './adapters.ts';
import {dtypeOf, modelOutputBytes, overflowWarning, writeModelOutput, type Written} from './model-output.ts';
import type {StableDiffusion} from './stable-diffusion.ts';
import {mergedWeight, modelSpec, writeLora, type LoraModule, type NamedTensor, type SafetensorsFile} from './weights/index.ts';

/** What diffusers looks for in a folder with a LoRA. */
export const DIFFUSERS_LORA = 'pytorch_lora_weights.safetensors';

const adaptersOf = ({adapters}: Pick<StableDiffusion, 'adapters'>) => Object.values(adapters);

/** Bytes of both files, and of the merged model. */
export const loraOutputBytes = (model: StableDiffusion, config: Pick<TrainingConfig, 'outputPrecision' | 'mergeLora'>): number =>
	2 * (config.outputPrecision === 'f16' ? 2 : 4) * adaptersOf(model).reduce((total, {parameters}) => total + parameters.size, 0) + (config.mergeLora ? modelOutputBytes(model, config) : 0);

/**
 * The LoRA: `output/<name>.safetensors` with kohya's names, which A1111, ComfyUI and diffusers load, and
 * `output/<name>/pytorch_lora_weights.safetensors` with those of diffusers. When asked for, also the base model with the LoRA
 * worked in: `output/<name>_merged.safetensors` and `output/<name>_merged/`.
 */
export async function writeLoraOutput(runFolder: string, model: StableDiffusion, config: TrainingConfig): Promise<Written> {
	const [folder, output] = [path.join('output', config.name), path.join('output', `${config.name}.safetensors`)];
	const modules = adaptersOf(model).flatMap(({stored}) => stored);
	const dtype = dtypeOf(config);
	const metadata = {...modelSpec({...model.folder, title: config.name, resolution: config.resolution, triggerPhrase: config.concepts[0]?.instancePrompt, kind: 'lora'}), ...kohyaMetadata(modules, model, config)};
	await mkdir(path.join(runFolder, folder), {recursive: true});
	const reports = [
		await writeLora(path.join(runFolder, output), 'kohya', modules, {dtype, metadata}),
		await writeLora(path.join(runFolder, folder, DIFFUSERS_LORA), 'diffusers', modules, {dtype}),
	];
	const merged = config.mergeLora ? await writeModelOutput(runFolder, `${config.name}_merged`, model.folder, mergedNetworks(model), config) : undefined;
	return {output, folder, ...merged?.warning !== undefined && {warning: merged.warning}, ...overflowWarning(reports, config)};
}

/** The weights of the networks that have adapters, with those worked in. They come from the model's files: on the device they may be halves. */
export const mergedNetworks = (model: Pick<StableDiffusion, 'adapters' | 'network' | 'folder'>): {readonly unet?: readonly NamedTensor[]; readonly textEncoder?: readonly NamedTensor[]} => ({
	...(model.adapters.unet && {unet: merged(model.network('unet'), model.folder.unet)}),
	...(model.adapters.textEncoder && {textEncoder: merged(model.network('textEncoder'), model.folder.textEncoder)}),
});

function merged({weights, adapters}: Network, file: SafetensorsFile): NamedTensor[] {
	const modules = new Map(adapters?.stored.map(module => [`${module.path}.weight`, module]));
	return weights.declarations.map(({name, shape}) => {
		const module = modules.get(name);
		const read = () => file.readFloat32(name);
		return {name, shape, read: module ? async () => mergedWeight(await read(), module) : read};
	});
}

/** What A1111 shows of a LoRA and tells its base model by. Values of the config only: no paths, no captions. */
function kohyaMetadata(modules: readonly LoraModule[], {folder}: Pick<StableDiffusion, 'folder'>, config: TrainingConfig): Record<string, string> {
	const v2 = folder.textEncoderConfig.hiddenAct === 'gelu';
	const [{rank, alpha}] = modules;
	const facts = {
		ss_network_module: 'networks.lora',
		ss_network_dim: rank,
		ss_network_alpha: alpha,
		ss_base_model_version: v2 ? (folder.schedulerConfig.predictionType === 'v_prediction' ? 'sd_v2_v' : 'sd_v2') : 'sd_v1',
		ss_v2: v2 ? 'True' : 'False',
		ss_output_name: config.name,
		ss_learning_rate: config.loraLearningRate,
		ss_unet_lr: config.trainUnet ? config.loraLearningRate : 'None',
		ss_text_encoder_lr: config.trainTextEncoder ? config.loraTextEncoderLearningRate : 'None',
		ss_lr_scheduler: config.learningRateSchedule,
		ss_batch_size_per_device: config.batchSize,
		ss_gradient_accumulation_steps: config.gradientAccumulation,
		ss_gradient_checkpointing: config.gradientCheckpointing ? 'True' : 'False',
		ss_resolution: `(${config.resolution}, ${config.resolution})`,
		ss_clip_skip: config.clipSkip,
		ss_seed: config.seed,
		ss_prior_loss_weight: config.priorLossWeight,
		ss_noise_offset: config.offsetNoise,
		ss_min_snr_gamma: config.minSnrGamma,
	};
	return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, String(value)]));
}
