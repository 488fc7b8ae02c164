import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';
import {elementCount} from './dtypes.ts';
import {explainFileErrors, WeightsError} from './errors.ts';
import {openSafetensors, pickleRefusal, SafetensorsFile, type StoredTensor} from './safetensors.ts';

/** The networks of a pipeline: their folder, and the name their weights have in it. */
export const networks = {
	unet: {folder: 'unet', weights: 'diffusion_pytorch_model'},
	vae: {folder: 'vae', weights: 'diffusion_pytorch_model'},
	textEncoder: {folder: 'text_encoder', weights: 'model'},
} as const;

export type Network = keyof typeof networks;

export interface NetworkWeights {
	/** Under the names and shapes that we write. */
	readonly file: SafetensorsFile;
	/** The file on disk is one non-variant file that has those very names and shapes. */
	readonly canonical: boolean;
	readonly warnings: readonly string[];
}

/**
 * Opens the weights in a network's own folder: non-variant safetensors first (whole, then in shards), then the fp16
 * variant, never a pickle. Names and shapes of older and newer layouts become the ones that we write.
 * @param linearProjection the UNet's `use_linear_projection`
 */
export async function openNetwork(network: Network, folder: string, {linearProjection = false}: {linearProjection?: boolean} = {}): Promise<NetworkWeights> {
	const base = networks[network].weights;
	const entries = await explainFileErrors(`read the folder ${folder}`, () => readdir(folder));
	const variants = variantsOf(base, entries);
	const name = [`${base}.safetensors`, `${base}.safetensors.index.json`, ...variants.keys()].find(each => entries.includes(each));
	if (name === undefined) throw noWeights(folder, `${base}.safetensors`, entries);
	const file = path.join(folder, name);
	const opened = name.endsWith('.json') ? await openShards(file) : await openSafetensors(file);
	const tensors = normalizeNames(network, opened.tensors, {linearProjection});
	const variant = variants.get(name);
	return {
		file: opened.withTensors(tensors),
		canonical: name === `${base}.safetensors` && sameNamesAndShapes(opened.tensors, tensors),
		warnings: variant === undefined ? [] : [`${file}: these are ${variantNames[variant] ?? `the ${variant} weights`}; the usual ones (${base}.safetensors) are not there.`],
	};
}

const variantNames: Readonly<Record<string, string>> = {fp16: 'half-precision weights', non_ema: 'weights without averaging'};

/** The files of variants, whole or the index of their shards: those in half precision first. */
function variantsOf(base: string, entries: readonly string[]): ReadonlyMap<string, string> {
	const found = entries.flatMap((entry): [file: string, variant: string][] => {
		const [, whole, sharded] = new RegExp(`^${base}\\.(?:(\\w+)\\.safetensors|safetensors\\.index\\.(\\w+)\\.json)$`).exec(entry) ?? [];
		const variant = whole ?? sharded;
		return variant === undefined ? [] : [[entry, variant]];
	});
	return new Map(found.sort(([, a], [, b]) => Number(b === 'fp16') - Number(a === 'fp16')));
}

function noWeights(folder: string, expected: string, entries: readonly string[]): WeightsError {
	const pickle = entries.find(entry => /\.(bin|ckpt|pt|pth)$/.test(entry));
	if (pickle !== undefined) return pickleRefusal(path.join(folder, pickle), path.join(folder, expected));
	return new WeightsError(`${folder} has no ${expected}. Found: ${entries.join(', ') || 'nothing'}.`, {action: 'Download the model again, with its safetensors files.'});
}

/** Opens the files that an index lists, as one. */
async function openShards(indexFile: string): Promise<SafetensorsFile> {
	const map = ((await readJson(indexFile)) as {weight_map?: unknown} | null)?.weight_map;
	const names = typeof map === 'object' && map !== null ? [...new Set(Object.values(map))] : [];
	const plain = names.filter(name => typeof name === 'string' && path.basename(name) === name);
	if (plain.length === 0 || plain.length !== names.length) {
		throw new WeightsError(`${indexFile}: weight_map does not name files beside it.`, {action: 'Download the model again.'});
	}
	const shards: SafetensorsFile[] = [];
	try {
		for (const name of plain) shards.push(await openSafetensors(path.join(path.dirname(indexFile), name as string)));
	} catch (error) {
		await Promise.all(shards.map(shard => shard.close()));
		throw error;
	}
	return SafetensorsFile.join(indexFile, shards);
}

/** @throws WeightsError when the file cannot be read or is not JSON. */
export async function readJson(file: string): Promise<unknown> {
	const text = await explainFileErrors(`read ${file}`, () => readFile(file, 'utf8'));
	try {
		return JSON.parse(text);
	} catch (cause) {
		throw new WeightsError(`${file} is not valid JSON: ${(cause as Error).message}`, {action: 'Take the file of the original model.', cause});
	}
}

type Tensors = ReadonlyMap<string, StoredTensor>;

/** Names and shapes of older and newer layouts become the ones that we write. */
export const normalizeNames = (network: Network, tensors: Tensors, {linearProjection = false}: {linearProjection?: boolean} = {}): Tensors => normalizers[network](tensors, linearProjection);

const normalizers: Readonly<Record<Network, (tensors: Tensors, linearProjection: boolean) => Tensors>> = {
	/** SD 2 files exist with 1x1 convolutions where the config says linear, and the other way round. */
	unet: (tensors, linearProjection) =>
		renamed(tensors, (name, {shape}) => ({name, shape: /\.proj_(in|out)\.weight$/.test(name) ? (linearProjection ? withoutKernel(shape) : withKernel(shape)) : shape})),

	/** Old published autoencoders call the attention's parts query, key, value and proj_attn, some as 1x1 convolutions. */
	vae: tensors =>
		renamed(tensors, (name, {shape}) => {
			const old = /^(?<attention>.*\.attentions\.\d+)\.(?<part>query|key|value|proj_attn)\.(?<leaf>weight|bias)$/.exec(name)?.groups;
			const now = old === undefined ? name : `${old.attention}.${oldAttentionParts[old.part]}.${old.leaf}`;
			return {name: now, shape: /\.attentions\.\d+\.to_.*weight$/.test(now) ? withoutKernel(shape) : shape};
		}),

	/** transformers 5 writes flat names; old files also hold the positions 0 to 76, which are no weights. */
	textEncoder: tensors =>
		renamed(tensors, (name, {shape}) =>
			name.endsWith('embeddings.position_ids') ? undefined : {name: /^(embeddings|encoder|final_layer_norm)\./.test(name) ? `text_model.${name}` : name, shape},
		),
};

const oldAttentionParts: Readonly<Record<string, string>> = {query: 'to_q', key: 'to_k', value: 'to_v', proj_attn: 'to_out.0'};

function renamed(tensors: Tensors, rule: (name: string, tensor: StoredTensor) => Pick<StoredTensor, 'shape'> & {name: string} | undefined): Tensors {
	const result = new Map<string, StoredTensor>();
	for (const [name, tensor] of tensors) {
		const place = rule(name, tensor);
		if (place !== undefined) result.set(place.name, {...tensor, shape: place.shape});
	}
	return result;
}

/** [out, in, 1, 1] -> [out, in]. */
const withoutKernel = (shape: readonly number[]): readonly number[] => (shape.length === 4 && elementCount(shape.slice(2)) === 1 ? shape.slice(0, 2) : shape);

/** [out, in] -> [out, in, 1, 1]. */
const withKernel = (shape: readonly number[]): readonly number[] => (shape.length === 2 ? [...shape, 1, 1] : shape);

const sameNamesAndShapes = (a: Tensors, b: Tensors): boolean => a.size === b.size && [...a].every(([name, {shape}]) => String(b.get(name)?.shape) === String(shape));
