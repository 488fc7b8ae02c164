import {existsSync} from 'node:fs';
import {rename, rm} from 'node:fs/promises';
import path from 'node:path';
import {syntheticModel} from '../bench/synthetic-model.ts';
import {hostsOf, isTarget} from '../src/train/models/index.ts';
import {normals} from '../src/train/random.ts';
import {declareNetworks} from '../src/train/stable-diffusion.ts';
import {openModelFolder, writeLora, writeModelFolder, type LoraModule, type NamedTensor} from '../src/train/weights/index.ts';

export const families = ['sd15', 'sd21'] as const;
export type Family = (typeof families)[number];

const noise = normals(2 ** 20 + 7, {seed: 7, stream: 'interop', step: 0, index: 0});

/** Noise that begins elsewhere for every name, so that a weight in another's place is found. */
function drawn(name: string, shape: readonly number[], scale: number, mean = 0): Float32Array {
	let begin = 0;
	for (const character of name) begin = (begin * 31 + character.charCodeAt(0)) % noise.length;
	const values = new Float32Array(shape.reduce((product, n) => product * n, 1));
	for (let at = 0; at < values.length; begin = 0) {
		const part = noise.subarray(begin, begin + values.length - at);
		values.set(part, at);
		at += part.length;
	}
	for (let i = 0; i < values.length; i++) values[i] = mean + scale * values[i];
	return values;
}

/** Matrices keep the size of what passes through them. Vectors vary as much as those of the published models: ComfyUI tells from it whether an SD 2 predicts v. */
function weightOf(name: string, shape: readonly number[]): Float32Array {
	if (shape.length === 1) return drawn(name, shape, 0.1, name.endsWith('.weight') ? 1 : 0);
	return drawn(name, shape, name.includes('embedding.weight') ? 0.02 : 0.7 / Math.sqrt(shape.slice(1).reduce((product, n) => product * n, 1)));
}

/** A model of the published size in half precision, of which no two tensors are alike, as a diffusers folder. Made once under `root` (2 GB). */
export async function fullSizeModel(family: Family, root: string): Promise<string> {
	const folder = path.join(root, `${family}-interop`);
	if (existsSync(folder)) return folder;
	const source = await openModelFolder(await syntheticModel(family, root));
	try {
		const declared = declareNetworks(source);
		const changed = (network: keyof typeof declared): NamedTensor[] => declared[network].map(({name, shape}) => ({name, shape, read: () => weightOf(name, shape)}));
		const stage = `${folder}.part`;
		await rm(stage, {recursive: true, force: true});
		await writeModelFolder(stage, source, {unet: changed('unet'), vae: changed('vae'), textEncoder: changed('textEncoder')}, {dtype: 'F16'});
		await rename(stage, folder);
	} finally {
		await source.close();
	}
	return folder;
}

/** How many modules of a model have an adapter in `writeFullSizeLora`, and which it is written for. */
export interface LoraKind {
	readonly targets: 'transformer' | 'all';
	readonly layout: 'kohya' | 'diffusers';
}

/** A LoRA of rank 4, alpha 2, for all the modules that a run with these targets trains. Says how many they are. */
export async function writeFullSizeLora(file: string, model: string, {targets, layout}: LoraKind): Promise<number> {
	const source = await openModelFolder(model);
	const declared = declareNetworks(source);
	await source.close();
	const rank = 4;
	const modules = (['unet', 'textEncoder'] as const).flatMap(network =>
		hostsOf(declared[network]).filter(({path}) => isTarget(network, path, targets)).map(({path, weight: {shape: [out, ...inner]}}): LoraModule => {
			const half = (name: string, shape: readonly number[], scale: number) => ({shape, read: () => drawn(`${network} ${path} ${name}`, shape, scale)});
			const width = inner.reduce((product, n) => product * n, 1);
			return {
				network, path, rank, alpha: 2,
				down: half('down', [rank, ...inner], 1 / Math.sqrt(width)),
				up: half('up', inner.length === 1 ? [out, rank] : [out, rank, 1, 1], 0.5 / Math.sqrt(rank)),
			};
		}));
	await writeLora(file, layout, modules, {dtype: 'F16'});
	return modules.length;
}
