import path from 'node:path';
import {refuseMismatches, type Mismatch} from './check-weights.ts';
import type {SchedulerConfig, TextEncoderConfig} from './configs.ts';
import type {ModelFolder, ModelStructure} from './diffusers-folder.ts';
import {elementCount} from './dtypes.ts';
import {WeightsError} from './errors.ts';
import type {FloatType} from './half.ts';
import {ldmPlaces, sameElements, type TextEncoderLayout} from './ldm-names.ts';
import {refuseExisting, type SaveOptions} from './model-folder-writer.ts';
import {Encoder, namedTensor, type NamedTensor, type SaveReport} from './named-tensors.ts';
import {normalizeNames, type Network} from './network-files.ts';
import type {TensorShapes} from './network-tensors.ts';
import {openSafetensors, SafetensorsFile, type StoredTensor} from './safetensors.ts';
import {writeSafetensors, type TensorToWrite} from './safetensors-writer.ts';

/** Three networks under diffusers' names, from a file or from memory. A ModelFolder is one. */
export interface Networks extends Readonly<Record<Network, SafetensorsFile | readonly NamedTensor[]>> {
	readonly textEncoderConfig: Pick<TextEncoderConfig, 'hiddenAct' | 'maxPositionEmbeddings'>;
	readonly schedulerConfig?: Pick<SchedulerConfig, 'rescaleBetasZeroSnr'>;
	readonly remainder?: SafetensorsFile;
}

export interface SingleFileOptions extends SaveOptions {
	/** Added to `format: pt`, for instance from `modelSpec`. */
	readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes a whole model as one safetensors file in LDM names, which A1111, ComfyUI and diffusers' `from_single_file`
 * load: every tensor in one data type, nothing besides.
 * @throws WeightsError when the target exists (unless it is to be replaced) or cannot be written
 */
export async function writeSingleFile(target: string, model: Networks, {dtype, metadata, existing = 'refuse', onBytes}: SingleFileOptions): Promise<SaveReport> {
	await refuseExisting(target, existing);
	const encoder = new Encoder(onBytes);
	const layout = textEncoderLayout(model);
	const entries: TensorToWrite[] = [];
	for (const network of ['unet', 'vae', 'textEncoder'] as const) {
		const tensors = named(model[network]);
		const place = ldmPlaces(network, tensors.map(({name}) => name), layout);
		const stacks = new Map<string, Stack>();
		for (const tensor of tensors) {
			const {name, shape, third} = place(tensor.name, tensor.shape);
			if (third === undefined) {
				entries.push(encoder.fresh({...tensor, name, shape}, dtype));
				continue;
			}
			const stack = stacks.get(name) ?? {name, shape, parts: []};
			stack.parts[third] = tensor;
			stacks.set(name, stack);
		}
		for (const stack of stacks.values()) entries.push(encoder.fresh({...stack, read: () => readStack(stack)}, dtype));
	}
	entries.push(...(layout === 'clip' ? [positionIds(model.textEncoderConfig)] : openClipRemainder(model.remainder, entries, encoder, dtype)));
	// A1111 and ComfyUI rescale their schedule when this key is there, whatever it holds.
	if (model.schedulerConfig?.rescaleBetasZeroSnr) entries.push(encoder.fresh({name: 'ztsnr', shape: [1], read: () => Float32Array.of(0)}, dtype));
	await writeSafetensors(target, entries, {format: 'pt', ...metadata});
	return encoder;
}

/** SD 2's text encoder is OpenCLIP's, which has the exact GELU; SD 1's has the quick one. */
const textEncoderLayout = ({textEncoderConfig}: Pick<Networks, 'textEncoderConfig'>): TextEncoderLayout => (textEncoderConfig.hiddenAct === 'gelu' ? 'openclip' : 'clip');

const named = (tensors: SafetensorsFile | readonly NamedTensor[]): readonly NamedTensor[] =>
	tensors instanceof SafetensorsFile ? [...tensors.tensors.keys()].map(name => namedTensor(tensors, name)) : tensors;

/** Query, key and value, whose rows lie below each other in one tensor. */
interface Stack {
	readonly name: string;
	readonly shape: readonly number[];
	readonly parts: NamedTensor[];
}

async function readStack({shape, parts}: Stack): Promise<Float32Array> {
	const values = new Float32Array(elementCount(shape));
	for (const [i, part] of parts.entries()) values.set(await part.read(), (i * values.length) / 3);
	return values;
}

const positionIds = ({maxPositionEmbeddings: length}: Networks['textEncoderConfig']): TensorToWrite => ({
	name: 'cond_stage_model.transformer.text_model.embeddings.position_ids',
	dtype: 'I64',
	shape: [1, length],
	bytes: () => new Uint8Array(BigInt64Array.from({length}, (_, i) => BigInt(i)).buffer),
});

const OPENCLIP = 'cond_stage_model.model.';

/**
 * OpenCLIP's last layer and projection, which SD 2 does not use but its loaders expect: those of the file that the model comes
 * from, else a copy of the layer before, a projection of ones and a scale of 1, as the usual converters write them.
 */
function openClipRemainder(stored: SafetensorsFile | undefined, entries: readonly TensorToWrite[], encoder: Encoder, dtype: FloatType): TensorToWrite[] {
	if (stored !== undefined && stored.tensors.size > 0) return [...stored.tensors.keys()].map(name => encoder.stored(stored, name, dtype));
	const block = /^(cond_stage_model\.model\.transformer\.resblocks\.)(\d+)(\..*)$/;
	const last = Math.max(...entries.map(({name}) => Number(block.exec(name)?.[2] ?? -1)));
	const copies = entries.flatMap(entry => {
		const [, before, number, after] = block.exec(entry.name) ?? [];
		return Number(number) === last ? [{...entry, name: `${before}${last + 1}${after}`}] : [];
	});
	const width = entries.find(({name}) => name === `${OPENCLIP}ln_final.weight`)?.shape[0] ?? 0;
	const ones = (name: string, shape: readonly number[]) => encoder.fresh({name: OPENCLIP + name, shape, read: () => new Float32Array(elementCount(shape)).fill(1)}, dtype);
	return [...copies, ones('text_projection', [width, width]), ones('logit_scale', [])];
}

/** Names and shapes of the networks' tensors, and what a single file lacks. A ModelFolder is one. */
export type SingleFileStructure = ModelStructure & Readonly<Record<Network, {readonly tensors: TensorShapes}>>;

export interface SingleFileReading {
	/** Take the average of the UNet's weights over its training, which some files have beside them. */
	readonly ema?: boolean;
	/** Another autoencoder, under diffusers' names: the file's own is not looked at. */
	readonly vae?: SafetensorsFile;
}

/** Where the average of a UNet's tensor is, as the original code names it: the dots are lost. */
const emaName = (name: string): string => `model_ema.${name.replace('model.', '').replaceAll('.', '')}`;

export const hasEma = ({tensors}: Pick<SafetensorsFile, 'tensors'>): boolean => [...tensors.keys()].some(name => name.startsWith('model_ema.diffusion_model'));

/**
 * Opens a single file in LDM names as the weights of a model of the same structure, whose configs and tokenizer count:
 * neither can be read from the file.
 * @param like a model folder with the structure of the single file
 * @throws WeightsError listing the tensors that are missing or misshapen: key, expected, found
 */
export async function openSingleFile(file: string, like: SingleFileStructure, {ema = false, vae}: SingleFileReading = {}): Promise<ModelFolder> {
	const opened = await openSafetensors(path.resolve(file));
	const mismatches: Mismatch[] = [];
	const used = new Set<string>();
	if (ema && !hasEma(opened)) {
		await opened.close();
		throw new WeightsError(`${file} has no average (EMA) of its weights.`, {action: 'Use the weights that it has: leave out --ema, or switch off baseModelEma.'});
	}
	const view = (network: Network): SafetensorsFile => {
		const wanted = like[network].tensors;
		const place = ldmPlaces(network, wanted.keys(), textEncoderLayout(like));
		const tensors = new Map<string, StoredTensor>();
		for (const [name, {shape}] of wanted) {
			const at = place(name, shape);
			// Some files lack the wrapper's name inside SD 1's text encoder.
			const names = network === 'unet' && ema ? [emaName(at.name)] : [at.name, at.name.replace('.transformer.text_model.', '.transformer.')];
			const key = names.find(each => opened.tensors.has(each)) ?? at.name;
			used.add(key);
			const found = opened.tensors.get(key);
			if (found === undefined || !sameElements(found.shape, at.shape)) {
				mismatches.push({name: at.name, expected: at.shape, found: found?.shape});
				continue;
			}
			const bytes = (found.end - found.begin) / (at.third === undefined ? 1 : 3);
			const begin = found.begin + (at.third ?? 0) * bytes;
			tensors.set(name, {...found, shape, begin, end: begin + bytes});
		}
		return opened.withTensors(tensors);
	};
	const views = {unet: view('unet'), vae: vae ?? view('vae'), textEncoder: view('textEncoder')};
	if (mismatches.length > 0) {
		await opened.close();
		refuseMismatches(`${file} does not have the structure of ${like.folder}`, mismatches, 'Choose a single file of the same kind of model (SD 1.x or SD 2.x).');
	}
	const remainder = opened.withTensors(new Map([...opened.tensors].filter(([name]) => name.startsWith(OPENCLIP) && !used.has(name))));
	return {...like, ...views, remainder, toNormalize: new Set(['unet', 'vae', 'textEncoder'] as const), warnings: [], close: () => opened.close()};
}

/** An autoencoder's own file in LDM names, bare or under one of the usual prefixes, or in those of diffusers, old ones too. @throws WeightsError listing the tensors that are missing or misshapen */
export async function openAutoencoderFile(file: string, like: SingleFileStructure['vae']): Promise<SafetensorsFile> {
	const opened = await openSafetensors(path.resolve(file));
	const stored = normalizeNames('vae', opened.tensors);
	const place = ldmPlaces('vae', like.tensors.keys(), 'clip');
	const tensors = new Map<string, StoredTensor>();
	const mismatches: Mismatch[] = [];
	for (const [name, {shape}] of like.tensors) {
		const at = place(name, shape);
		const bare = at.name.replace('first_stage_model.', '');
		const found = [at.name, bare, `vae.${bare}`, name, `vae.${name}`].map(each => stored.get(each)).find(each => each !== undefined);
		if (found === undefined || !sameElements(found.shape, at.shape)) mismatches.push({name: bare, expected: at.shape, found: found?.shape});
		else tensors.set(name, {...found, shape});
	}
	if (mismatches.length > 0) {
		await opened.close();
		refuseMismatches(`${file} is not an autoencoder for this base model`, mismatches, 'Choose a VAE of Stable Diffusion 1 or 2.');
	}
	return opened.withTensors(tensors);
}
