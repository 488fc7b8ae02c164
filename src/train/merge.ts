import path from 'node:path';
import {readModelFacts} from '../presets/index.ts';
import {requireRoom} from './disk-room.ts';
import {openModelFiles, type ModelSource} from './model-files.ts';
import {loraHosts} from './models/index.ts';
import {cacheFolder} from './runtime/index.ts';
import {
	mainType, mergedWeight, modelSpec, namedTensor, networkTensors, openLora, WeightsError, writeModelFolder, writeSingleFile,
	type FloatType, type LoraHosts, type LoraModule, type ModelFolder, type NamedTensor, type Network, type SaveReport,
} from './weights/index.ts';

/** Models and LoRAs to make one model of. */
export interface Merge {
	readonly model: ModelSource;
	/** Another model, of which the result has this share: 0 is none of it, 1 nothing else. */
	readonly other?: {readonly model: ModelSource; readonly weight: number};
	/** 1 as trained, 0 not at all, below 0 the opposite. */
	readonly loras: readonly {readonly file: string; readonly strength: number}[];
	/** A single file when it ends with .safetensors, else a diffusers folder. It must not exist. */
	readonly target: string;
	/** Absent: what the model's UNet has. */
	readonly dtype?: FloatType;
}

export interface MergeReport extends SaveReport {
	readonly dtype: FloatType;
	/** Modules that each LoRA has changed, in the order of the LoRAs. */
	readonly modules: readonly number[];
}

const networkNames = ['unet', 'textEncoder', 'vae'] as const;

/**
 * Works LoRAs into a model's weights and mixes models, W ← (1 − w)·A + w·B + Σ strength · ΔW, a tensor at a time: a model of any
 * size takes the memory of its largest layer. What does not change is written as it is, to the bit.
 * @param tell hears the share of the tensors that are written, 0 ... 1
 * @throws WeightsError when the files do not belong together or the target exists
 */
export async function mergeModels({model, other, loras, target, dtype: wanted}: Merge, tell: (share: number) => void = () => undefined): Promise<MergeReport> {
	const open = (source: ModelSource) => openModelFiles(source, path.join(cacheFolder(), 'structures'));
	const opened: {close(): Promise<void>}[] = [];
	const keep = <T extends {close(): Promise<void>}>(file: T): T => {
		opened.push(file);
		return file;
	};
	try {
		const base = keep(await open(model));
		const mixed = other && {from: keep(await open(other.model)), weight: other.weight};
		if (mixed) requireSameKind(base, mixed.from);
		const hosts = hostsOfModel(base);
		const files = [];
		for (const {file, strength} of loras) files.push({modules: keep(await openLora(file, hosts)).modules, strength});
		const dtype = wanted ?? mainType(base.unet);
		const tensors = resultOf(base, mixed, files.filter(({strength}) => strength !== 0));
		requireRoom(path.dirname(path.resolve(target)), bytesOf(base, dtype), 'The merged model');
		const report = await write(target, base, counted(tensors, tell), dtype, {all: wanted !== undefined});
		return {dtype, modules: files.map(({modules}) => modules.length), overflows: report.overflows};
	} finally {
		await Promise.all(opened.map(file => file.close()));
	}
}

/** The modules of a model that adapters can be for, without TensorFlow. */
export function hostsOfModel(model: Pick<ModelFolder, 'unetConfig' | 'vaeConfig' | 'textEncoderConfig'>): LoraHosts {
	const {unet, textEncoder} = networkTensors(model);
	const declared = (tensors: typeof unet) => [...tensors].map(([name, {shape}]) => ({name, shape, layout: 'same' as const}));
	return loraHosts({unet: declared(unet), textEncoder: declared(textEncoder)});
}

/** @throws WeightsError naming the first tensors that differ */
export function requireSameKind(a: ModelFolder, b: ModelFolder): void {
	const [of, other] = [networkTensors(a), networkTensors(b)];
	const differing = networkNames.flatMap(network =>
		[...new Set([...of[network].keys(), ...other[network].keys()])]
			.map(name => ({name, shapes: [of[network].get(name), other[network].get(name)].map(found => (found ? `[${found.shape.join(', ')}]` : 'not there'))}))
			.filter(({shapes: [one, two]}) => one !== two));
	const action = 'Choose models of the same kind: both SD 1.x, or both SD 2.x with the same prediction.';
	if (differing.length > 0) {
		const shown = differing.slice(0, 4).map(({name, shapes: [one, two]}) => `${name}: ${one} and ${two}`);
		throw new WeightsError(`The two models do not have the same structure: ${differing.length} tensors differ.\n  ${shown.join('\n  ')}`, {action});
	}
	const [one, two] = [a, b].map(({schedulerConfig}) => schedulerConfig.predictionType);
	if (one !== two) throw new WeightsError(`The two models do not predict the same: ${one} and ${two}.`, {action});
}

interface Changed extends NamedTensor {
	readonly changed: boolean;
}

type Results = Readonly<Record<Network, readonly Changed[]>>;

/** Every tensor of the result, and whether it differs from the first model's. */
function resultOf(base: ModelFolder, mixed: {readonly from: ModelFolder; readonly weight: number} | undefined, loras: readonly {readonly modules: readonly LoraModule[]; readonly strength: number}[]): Results {
	const known = networkTensors(base);
	const of = (network: Network): Changed[] => {
		const worked = loras.flatMap(({modules, strength}) => modules.filter(module => module.network === network).map(module => ({module, strength})));
		return [...known[network].keys()].map(name => {
			const own = namedTensor(base[network], name);
			const other = mixed && mixed.weight !== 0 ? namedTensor(mixed.from[network], name) : undefined;
			const mixture = other && (mixed?.weight === 1 ? other : {name, shape: own.shape, read: async () => between(await own.read(), await other.read(), mixed!.weight)});
			const adapters = worked.filter(({module}) => `${module.path}.weight` === name);
			const start = mixture ?? own;
			if (adapters.length === 0) return {...start, shape: own.shape, changed: mixture !== undefined};
			return {
				name, shape: own.shape, changed: true,
				async read() {
					let values = await start.read();
					for (const {module, strength} of adapters) values = await mergedWeight(values, module, {strength});
					return values;
				},
			};
		});
	};
	return {unet: of('unet'), textEncoder: of('textEncoder'), vae: of('vae')};
}

/** a + w·(b − a): where both are the same, so is the result, to the bit. */
function between(a: Float32Array, b: Float32Array, weight: number): Float32Array {
	return a.map((value, i) => value + weight * (b[i] - value));
}

/** @param all write every network in this type, also one that has not changed */
async function write(target: string, base: ModelFolder, tensors: Results, dtype: FloatType, {all}: {all: boolean}): Promise<SaveReport> {
	if (target.endsWith('.safetensors')) {
		const title = path.basename(target, '.safetensors');
		const {resolution} = readModelFacts(base.folder);
		return writeSingleFile(target, {...base, ...tensors}, {dtype, metadata: modelSpec({...base, title, resolution})});
	}
	const changed = networkNames.filter(network => all || tensors[network].some(tensor => tensor.changed));
	return writeModelFolder(target, base, Object.fromEntries(changed.map(network => [network, tensors[network]])), {dtype});
}

function counted(tensors: Results, tell: (share: number) => void): Results {
	const total = networkNames.reduce((sum, network) => sum + tensors[network].length, 0);
	let done = 0;
	const told = <T>(value: T): T => {
		tell(Math.min(1, ++done / total));
		return value;
	};
	const of = (network: Network): Changed[] => tensors[network].map(({raw, ...tensor}) => ({
		...tensor,
		read: async () => told(await tensor.read()),
		...(raw && {raw: {dtype: raw.dtype, read: async () => told(await raw.read())}}),
	}));
	return {unet: of('unet'), textEncoder: of('textEncoder'), vae: of('vae')};
}

const bytesOf = (base: ModelFolder, dtype: FloatType): number =>
	(dtype === 'F32' ? 4 : 2) * networkNames.flatMap(network => [...base[network].tensors.values()]).reduce((sum, {shape}) => sum + shape.reduce((product, n) => product * n, 1), 0);
