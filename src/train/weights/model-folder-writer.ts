import {constants, copyFile, mkdir, open, readdir, readFile, rename, rm, stat} from 'node:fs/promises';
import path from 'node:path';
import {atomicWriteFile, stagingPath, syncFolder} from './atomic.ts';
import type {ModelFolder} from './diffusers-folder.ts';
import {formatShape} from './dtypes.ts';
import {explainFileErrors, WeightsError} from './errors.ts';
import type {FloatType} from './half.ts';
import {Encoder, mainType, type NamedTensor, type SaveReport} from './named-tensors.ts';
import {networks, type Network} from './network-files.ts';
import type {SafetensorsFile} from './safetensors.ts';
import {writeSafetensors} from './safetensors-writer.ts';

export interface SaveOptions {
	/** Of the trained networks; the others keep the type they have. */
	readonly dtype: FloatType;
	/** What to do when the target exists. Default: refuse. */
	readonly existing?: 'refuse' | 'replace';
	/** Hears of the bytes of every tensor that is written. */
	readonly onBytes?: (bytes: number) => void;
}

/**
 * Writes a diffusers folder: `source` with some tensors changed. What is not touched is copied, files that we do not
 * know included; other forms of a changed network (shards, variants, pickles) and whole-model files at the top are left
 * behind, because they would still hold the old weights. The folder appears complete or not at all.
 * @param changed trained tensors under diffusers' names; the rest of a network comes from `source`
 * @throws WeightsError when the target exists (unless it is to be replaced) or cannot be written
 */
export async function writeModelFolder(
	target: string,
	source: ModelFolder,
	changed: Readonly<Partial<Record<Network, readonly NamedTensor[]>>>,
	{dtype, existing = 'refuse', onBytes}: SaveOptions,
): Promise<SaveReport> {
	const root = path.resolve(target);
	if (root.startsWith(source.folder + path.sep)) {
		throw new WeightsError(`${root} lies inside the model it is made from.`, {action: 'Choose an output folder outside of the base model.'});
	}
	await refuseExisting(root, existing);
	const rewritten = new Set<Network>([...source.toNormalize, ...(Object.keys(changed) as Network[])]);
	const encoder = new Encoder(onBytes);
	const staged = stagingPath(root);
	await explainFileErrors(`write ${root}`, async () => {
		try {
			await copyTree(source.folder, staged, file => isLeftBehind(file, rewritten));
			for (const [file, fields] of Object.entries(source.changedFields)) await changeFields(path.join(staged, file), fields);
			for (const network of rewritten) await writeNetwork(staged, network, source[network], changed[network], dtype, encoder);
			await moveIntoPlace(staged, root, existing);
		} finally {
			await rm(staged, {recursive: true, force: true});
		}
	});
	return encoder;
}

/** @throws WeightsError when something is at `target` and must not be replaced. */
export async function refuseExisting(target: string, existing: 'refuse' | 'replace'): Promise<void> {
	if (existing === 'refuse' && (await exists(target))) {
		throw new WeightsError(`${target} exists already and is not overwritten.`, {action: 'Choose another output name, or move the existing one away.'});
	}
}

async function writeNetwork(root: string, network: Network, file: SafetensorsFile, changed: readonly NamedTensor[] | undefined, dtype: FloatType, encoder: Encoder): Promise<void> {
	const fresh = new Map((changed ?? []).map(tensor => [tensor.name, tensor]));
	for (const {name, shape} of fresh.values()) {
		if (String(file.get(name).shape) !== String(shape)) throw new Error(`${name} was trained with shape ${formatShape(shape)}, but ${file.path} has ${formatShape(file.get(name).shape)}.`);
	}
	const entries = [...file.tensors.keys()].map(name => {
		const tensor = fresh.get(name);
		return tensor === undefined ? encoder.stored(file, name, changed && dtype) : encoder.fresh(tensor, dtype);
	});
	const folder = path.join(root, networks[network].folder);
	await mkdir(folder, {recursive: true});
	await writeSafetensors(path.join(folder, `${networks[network].weights}.safetensors`), entries, {format: 'pt'});
	if (network === 'textEncoder') await setDtype(path.join(folder, 'config.json'), changed ? dtype : mainType(file));
}

/** transformers loads a text encoder in the type that its config names. */
async function setDtype(configFile: string, dtype: FloatType): Promise<void> {
	const name = {F32: 'float32', F16: 'float16', BF16: 'bfloat16'}[dtype];
	await changeFields(configFile, {torch_dtype: name, dtype: name}, {onlyExisting: true});
}

async function changeFields(file: string, fields: Readonly<Record<string, unknown>>, {onlyExisting = false} = {}): Promise<void> {
	const json = JSON.parse(withNumbersAsText(await readFile(file, 'utf8'))) as Record<string, unknown>;
	for (const [field, value] of Object.entries(fields)) if (!onlyExisting || field in json) json[field] = value;
	await atomicWriteFile(file, `${withNumbersAgain(JSON.stringify(json, undefined, 2))}\n`);
}

/** Python tells 1.0 from 1, and transformers 5 refuses a whole number for a float: what is not changed has to stay as it is written. */
const withNumbersAsText = (json: string): string => json.replaceAll(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, token => (token.startsWith('"') ? token : `"number ${token}"`));
const withNumbersAgain = (json: string): string => json.replaceAll(/"number (-?\d[\d.eE+-]*)"/g, '$1');

const weightFile = /^((diffusion_)?(pytorch|flax)_model|model|tf_model|openvino_model)[.-]/;
const wholeModelFile = /\.(safetensors|ckpt|pt|pth|bin)$/;

/** @param file relative to the model's folder */
function isLeftBehind(file: string, rewritten: ReadonlySet<Network>): boolean {
	const [first, second, ...deeper] = file.split(path.sep);
	if (second === undefined) return first === '.git' || first === '.cache' || wholeModelFile.test(first);
	return deeper.length === 0 && weightFile.test(second) && [...rewritten].some(network => networks[network].folder === first);
}

/** Copies a folder's files (through links, as download caches have them) and makes each survive a power cut. */
async function copyTree(from: string, to: string, skip: (file: string) => boolean, inside = ''): Promise<void> {
	await mkdir(path.join(to, inside));
	for (const entry of await readdir(path.join(from, inside))) {
		const file = path.join(inside, entry);
		if (skip(file)) continue;
		if ((await stat(path.join(from, file))).isDirectory()) {
			await copyTree(from, to, skip, file);
			continue;
		}
		await copyFile(path.join(from, file), path.join(to, file), constants.COPYFILE_FICLONE);
		const copy = await open(path.join(to, file), 'r');
		await copy.sync();
		await copy.close();
	}
	await syncFolder(path.join(to, inside));
}

/** A rename cannot replace a folder that holds something: the old one steps aside first. */
async function moveIntoPlace(staged: string, target: string, existing: 'refuse' | 'replace'): Promise<void> {
	await refuseExisting(target, existing);
	const aside = (await exists(target)) ? stagingPath(target) : undefined;
	if (aside !== undefined) await rename(target, aside);
	await rename(staged, target);
	await syncFolder(path.dirname(target));
	if (aside !== undefined) await rm(aside, {recursive: true});
}

const exists = (file: string): Promise<boolean> =>
	stat(file).then(
		() => true,
		() => false,
	);
