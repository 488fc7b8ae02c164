import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import type {TrainingConfig} from '../presets/index.ts';
import type {Network} from './adapters.ts';
import {dtypeOf, modelOutputBytes, overflowWarning, writeModelOutput, type Written} from './model-output.ts';
import {metadataFor} from './output-metadata.ts';
import type {StableDiffusion} from './stable-diffusion.ts';
import {mergedWeight, writeLora, type NamedTensor, type SafetensorsFile} from './weights/index.ts';

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
	const metadata = await metadataFor(runFolder, config.name, {...model, modules}, config);
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
