import type {FloatType} from './half.ts';
import {WeightsError} from './errors.ts';
import {diffusersMetadata, loraNames, parseLoraName, type LoraLayout, type LoraNetwork, type LoraPart} from './lora-names.ts';
import {Encoder, namedTensor, type NamedTensor, type SaveReport} from './named-tensors.ts';
import {openSafetensors, type SafetensorsFile} from './safetensors.ts';
import {writeSafetensors, type TensorToWrite} from './safetensors-writer.ts';

/** Half of an adapter, as on disk. */
export type LoraTensor = Pick<NamedTensor, 'shape' | 'read' | 'raw'>;

/** The adapter of one module: ΔW = (alpha / rank) · up · down. */
export interface LoraModule {
	readonly network: LoraNetwork;
	/** Of the module in its network, such as `mid_block.attentions.0.proj_in`. */
	readonly path: string;
	readonly rank: number;
	readonly alpha: number;
	/** [rank, in] of a linear map, [rank, in, kernel, kernel] of a convolution. */
	readonly down: LoraTensor;
	/** [out, rank], [out, rank, 1, 1]. */
	readonly up: LoraTensor;
}

/** An open LoRA file. */
export interface LoraFile {
	readonly path: string;
	readonly metadata: ReadonlyMap<string, string>;
	readonly modules: readonly LoraModule[];
	close(): Promise<void>;
}

/** Shapes of the weights of a model's modules, by network and path: what the adapters of a file must fit. */
export type LoraHosts = Readonly<Record<LoraNetwork, ReadonlyMap<string, readonly number[]>>>;

/**
 * Opens a LoRA file in the names of kohya or diffusers, old spellings included.
 * @param hosts the modules of the model that it is for; left out, it is only read, and may be for any
 * @param alpha of all modules, for a file that does not tell it; left out, such a module's alpha is its rank, as everywhere
 * @throws WeightsError naming the tensors that are incomplete, do not fit the model or are no LoRA
 */
export async function openLora(file: string, hosts?: LoraHosts, {alpha}: {alpha?: number} = {}): Promise<LoraFile> {
	const opened = await openSafetensors(file);
	try {
		return {path: file, metadata: opened.metadata, modules: await readModules(opened, hosts, alpha), close: () => opened.close()};
	} catch (error) {
		await opened.close();
		throw error;
	}
}

/**
 * Writes adapters under the names of one layout. kohya's file holds alpha as tensors, that of diffusers in its metadata.
 * @param dtype left out, each adapter keeps the type that it has in its file
 */
export async function writeLora(file: string, layout: LoraLayout, modules: readonly LoraModule[], {dtype: wanted, metadata = {}}: {dtype?: FloatType; metadata?: Readonly<Record<string, string>>}): Promise<SaveReport> {
	const encoder = new Encoder();
	const entries = modules.flatMap(({network, path, alpha, down, up}): TensorToWrite[] => {
		const names = loraNames(layout, network, path);
		const dtype = wanted ?? floatTypeOf(down);
		const half = (name: string, tensor: LoraTensor): TensorToWrite => encoder.fresh({...tensor, name}, dtype);
		return [half(names.down, down), half(names.up, up), ...(names.alpha === undefined ? [] : [half(names.alpha, {shape: [], read: () => Float32Array.of(alpha)})])];
	});
	await writeSafetensors(file, entries, {format: 'pt', ...metadata, ...(layout === 'diffusers' && diffusersMetadata(modules))});
	return encoder;
}

const floatTypeOf = ({raw}: LoraTensor): FloatType => (raw?.dtype === 'F16' || raw?.dtype === 'BF16' ? raw.dtype : 'F32');

/** A module's weight with its adapter worked in: W + strength · (alpha / rank) · up · down. All row-major, as on disk. */
export async function mergedWeight(weight: Float32Array, {rank, alpha, down, up}: LoraModule, {strength = 1}: {strength?: number} = {}): Promise<Float32Array> {
	const [a, b] = [await down.read(), await up.read()];
	const merged = Float32Array.from(weight);
	const width = a.length / rank;
	const scale = (strength * alpha) / rank;
	const row = new Float64Array(width);
	for (let out = 0; out < b.length / rank; out++) {
		row.fill(0);
		for (let k = 0; k < rank; k++) {
			const factor = scale * b[out * rank + k];
			for (let i = 0; i < width; i++) row[i] += factor * a[k * width + i];
		}
		for (let i = 0; i < width; i++) merged[out * width + i] += row[i];
	}
	return merged;
}

type Parts = Partial<Record<LoraPart, string>>;

async function readModules(file: SafetensorsFile, hosts: LoraHosts | undefined, wantedAlpha: number | undefined): Promise<LoraModule[]> {
	const found = new Map<string, {network: LoraNetwork; path: string; parts: Parts}>();
	const foreign: string[] = [];
	for (const name of file.tensors.keys()) {
		const parsed = parseLoraName(name, hosts);
		if (parsed === undefined) {
			foreign.push(name);
			continue;
		}
		const {network, path, part} = parsed;
		const module = found.get(`${network} ${path}`) ?? {network, path, parts: {}};
		found.set(`${network} ${path}`, {...module, parts: {...module.parts, [part]: name}});
	}
	if (foreign.length > 0 || found.size === 0) throw notForThisModel(file, foreign);
	const alphaOf = alphasOf(file);
	return Promise.all([...found.values()].map(async ({network, path, parts}) => {
		const [down, up] = [tensorOf(file, path, parts.down), tensorOf(file, path, parts.up)];
		const rank = down.shape[0];
		requireFit(file, path, {down, up, weight: hosts?.[network].get(path)});
		const stored = parts.alpha === undefined ? alphaOf(network, path, rank) : (await file.readFloat32(parts.alpha))[0];
		return {network, path, rank, alpha: wantedAlpha ?? stored ?? rank, down, up};
	}));
}

const SHOWN = 5;

function notForThisModel({path}: SafetensorsFile, foreign: readonly string[]): WeightsError {
	const named = foreign.slice(0, SHOWN).join(', ') + (foreign.length > SHOWN ? ` and ${foreign.length - SHOWN} more` : '');
	const what = foreign.length > 0 ? `${foreign.length} of its tensors are no LoRA of a module of this model: ${named}` : 'it holds no tensors';
	return new WeightsError(`${path} cannot be used with this model: ${what}.`, {
		action: 'Choose a LoRA that was made for this kind of model (Stable Diffusion 1 or 2), in the names of kohya or diffusers; DoRA and LyCORIS are not read.',
	});
}

function tensorOf(file: SafetensorsFile, path: string, name: string | undefined): LoraTensor {
	if (name !== undefined) return namedTensor(file, name);
	throw new WeightsError(`${file.path}: the adapter of ${path} is not complete.`, {action: 'Download or copy the file again.'});
}

/** down [rank, in...] and up [out, rank], where 1x1 kernels may be left out. */
function requireFit(file: SafetensorsFile, path: string, {down, up, weight: given}: {down: LoraTensor; up: LoraTensor; weight?: readonly number[]}): void {
	const weight = given ?? [up.shape[0], ...down.shape.slice(1)];
	const bare = (shape: readonly number[]) => String(shape.length === 4 && shape[2] * shape[3] === 1 ? shape.slice(0, 2) : shape);
	const [rank] = down.shape;
	if (bare(down.shape) === bare([rank, ...weight.slice(1)]) && bare(up.shape) === String([weight[0], rank])) return;
	throw new WeightsError(`${file.path}: the adapter of ${path} has the shapes [${down.shape.join()}] and [${up.shape.join()}], which do not fit ${given ? `its weight [${weight.join()}]` : 'each other'}.`, {
		action: 'Choose a LoRA that was made for this kind of model.',
	});
}

/** What the metadata of diffusers say of alpha; peft divides by √rank instead of rank when told to (`use_rslora`). */
function alphasOf({metadata}: SafetensorsFile): (network: LoraNetwork, path: string, rank: number) => number | undefined {
	const fields = parsedObject(metadata.get('lora_adapter_metadata'));
	return (network, path, rank) => {
		const of = (field: string) => fields[`${network === 'unet' ? 'unet' : 'text_encoder'}.${field}`];
		const patterns = of('alpha_pattern');
		const own: unknown = typeof patterns === 'object' && patterns !== null ? (patterns as Record<string, unknown>)[path] : undefined;
		const alpha = own ?? of('lora_alpha');
		return typeof alpha === 'number' ? alpha * (of('use_rslora') === true ? Math.sqrt(rank) : 1) : undefined;
	};
}

function parsedObject(json: string | undefined): Readonly<Record<string, unknown>> {
	try {
		const value: unknown = JSON.parse(json ?? '{}');
		return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
	} catch {
		return {};
	}
}
