import {statSync} from 'node:fs';
import path from 'node:path';
import {familyNames, readModelFacts, recognizeTensors, type ModelFamily, type ModelKind} from '../../presets/index.ts';
import {elementCount, hasEma, openLora, openModelFolder, openSafetensors, WeightsError, type Dtype, type LoraModule, type ModelFolder, type SafetensorsFile} from '../weights/index.ts';

/** A part of what is shown: a network, its average, or adapters. */
export interface Component {
	readonly name: string;
	readonly tensors: number;
	readonly parameters: number;
	/** Of its numbers, the type that most of them have first. */
	readonly dtypes: readonly Dtype[];
}

export interface LoraContents {
	readonly modules: number;
	readonly ranks: readonly number[];
	readonly alphas: readonly number[];
}

/** What a file or folder holds, from its headers and configs only. */
export interface Contents {
	/** Absolute. */
	readonly path: string;
	/** In one line: `SD 1.5, fp16, with EMA weights, 4.27 GB`. */
	readonly headline: string;
	readonly kind: ModelKind['kind'] | 'folder';
	readonly name: string;
	readonly family?: ModelFamily;
	readonly prediction?: 'epsilon' | 'v_prediction';
	readonly layout: ModelKind['layout'];
	/** Why it is not trained or used here. */
	readonly refusal?: string;
	readonly ema: boolean;
	readonly bytes: number;
	readonly components: readonly Component[];
	readonly lora?: LoraContents;
	readonly metadata: Readonly<Record<string, string>>;
	readonly warnings: readonly string[];
	/** The files with its weights, and which component a tensor of them belongs to. */
	readonly files: readonly {readonly path: string; readonly componentOf: (tensor: string) => string}[];
}

/** @throws WeightsError for what cannot be opened, a pickle with the reason */
export async function readContents(file: string): Promise<Contents> {
	const opened = await openSafetensors(file);
	try {
		return await fileContents(opened);
	} finally {
		await opened.close();
	}
}

async function fileContents(file: SafetensorsFile): Promise<Contents> {
	const found = recognizeTensors(file.tensors);
	const {kind, layout, family, refusal} = found;
	const whole = kind === 'checkpoint' && refusal === undefined;
	const prediction = whole && family ? (readModelFacts(path.resolve(file.path)).prediction === 'v_prediction' ? 'v_prediction' as const : 'epsilon' as const) : undefined;
	const ema = hasEma(file);
	const componentOf = (tensor: string) => componentNamed(tensor, found);
	const components = componentsOf(file, componentOf);
	const warnings: string[] = [];
	const lora = kind === 'lora' && refusal === undefined ? await loraContents(file.path).catch((error: unknown) => {
		if (!(error instanceof WeightsError)) throw error;
		warnings.push(error.message);
	}) : undefined;
	const bytes = statSync(file.path).size;
	const lacks = whole ? ['text encoder', 'autoencoder'].filter(part => !components.some(({name}) => name === part)) : [];
	const headline = [
		found.name + (prediction === 'v_prediction' ? ' for v-prediction' : ''),
		...(kind === 'lora' && layout !== 'other' ? [`in ${layout === 'kohya' ? 'kohya\'s' : 'diffusers\''} names`] : []),
		...(lora ? [`rank ${rangeText(lora.ranks)}`, `alpha ${rangeText(lora.alphas)}`] : []),
		dtypesText(components.flatMap(({dtypes}) => dtypes.slice(0, 1))),
		...(ema ? ['with EMA weights'] : []),
		...lacks.map(part => `without ${part}`),
		sizeText(bytes),
	].join(', ');
	return {
		path: path.resolve(file.path), headline, kind, name: found.name, layout, ema, bytes, components, metadata: Object.fromEntries(file.metadata), warnings,
		...(family && {family}), ...(prediction && {prediction}), ...(refusal !== undefined && {refusal}), ...(lora && {lora}),
		files: [{path: file.path, componentOf}],
	};
}

function componentNamed(tensor: string, {kind, name}: ModelKind): string {
	if (kind === 'lora' && tensor.endsWith('.alpha')) return 'alpha';
	if (kind === 'lora') return /^(lora_te|text_encoder)/.test(tensor) ? 'adapters of the text encoder' : 'adapters of the UNet';
	if (tensor.startsWith('model.diffusion_model.')) return 'UNet';
	if (tensor.startsWith('model_ema.')) return 'EMA of the UNet';
	if (/^(cond_stage_model|conditioner)\./.test(tensor)) return 'text encoder';
	if (tensor.startsWith('first_stage_model.')) return 'autoencoder';
	return {checkpoint: 'beside the networks', unet: 'UNet', autoencoder: 'autoencoder', 'text encoder': 'text encoder', embedding: name, other: 'tensors'}[kind];
}

/** In the order in which people think of them, not that of the file. */
const order = ['UNet', 'EMA of the UNet', 'text encoder', 'autoencoder', 'adapters of the UNet', 'adapters of the text encoder'];

function componentsOf({tensors}: Pick<SafetensorsFile, 'tensors'>, nameOf: (tensor: string) => string): Component[] {
	const parts = new Map<string, {tensors: number; parameters: number; bytes: Map<Dtype, number>}>();
	for (const [tensor, {dtype, shape, begin, end}] of tensors) {
		const name = nameOf(tensor);
		const part = parts.get(name) ?? {tensors: 0, parameters: 0, bytes: new Map<Dtype, number>()};
		part.tensors++;
		part.parameters += elementCount(shape);
		part.bytes.set(dtype, (part.bytes.get(dtype) ?? 0) + end - begin);
		parts.set(name, part);
	}
	const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
	return [...parts]
		.map(([name, part]) => ({name, tensors: part.tensors, parameters: part.parameters, dtypes: [...part.bytes].sort(([, a], [, b]) => b - a).map(([dtype]) => dtype)}))
		.sort((a, b) => place(a.name) - place(b.name));
}

async function loraContents(file: string): Promise<LoraContents> {
	const {modules, close} = await openLora(file);
	await close();
	const distinct = (of: (module: LoraModule) => number) => [...new Set(modules.map(of))].sort((a, b) => a - b);
	return {modules: modules.length, ranks: distinct(({rank}) => rank), alphas: distinct(({alpha}) => alpha)};
}

/** Of a diffusers folder. @throws WeightsError when it is another pipeline, or lacks something */
export async function readFolderContents(folder: string): Promise<Contents> {
	const model = await openModelFolder(folder);
	await model.close();
	const {unetConfig: {crossAttentionDim: width}, schedulerConfig: {predictionType: prediction}} = model;
	const family = width === 768 ? 'sd1' as const : width === 1024 ? 'sd2' as const : undefined;
	const name = family ? familyNames[family] : `Stable Diffusion of another size (text states of width ${width})`;
	const parts = [[model.unet, 'UNet'], [model.textEncoder, 'text encoder'], [model.vae, 'autoencoder']] as const;
	const components = parts.flatMap(([file, part]) => componentsOf(file, () => part));
	const files = filesOf(model);
	const bytes = files.reduce((sum, file) => sum + statSync(file.path).size, 0);
	const headline = [name + (prediction === 'v_prediction' ? ' for v-prediction' : ''), 'diffusers folder', dtypesText(components.flatMap(({dtypes}) => dtypes.slice(0, 1))), sizeText(bytes)].join(', ');
	return {path: model.folder, headline, kind: 'folder', name, prediction, layout: 'diffusers', ema: false, bytes, components, metadata: {}, warnings: model.warnings, files, ...(family && {family})};
}

/** A network in shards has several. */
const filesOf = ({unet, textEncoder, vae}: ModelFolder): Contents['files'] =>
	([[unet, 'UNet'], [textEncoder, 'text encoder'], [vae, 'autoencoder']] as const).flatMap(([file, name]) => file.paths.map(each => ({path: each, componentOf: () => name})));

const dtypeNames: Partial<Readonly<Record<Dtype, string>>> = {F16: 'fp16', F32: 'fp32', BF16: 'bf16', F64: 'fp64'};

export const dtypeText = (dtype: Dtype): string => dtypeNames[dtype] ?? dtype;

const dtypesText = (dtypes: readonly Dtype[]): string => [...new Set(dtypes.map(dtypeText))].join(' and ') || 'empty';

const rangeText = (sorted: readonly number[]): string => {
	const [least, most] = [sorted[0], sorted.at(-1)];
	return least === most ? String(least) : `${least} to ${most}`;
};

/** In the units of shops and web pages: 4.27 GB. */
export const sizeText = (bytes: number): string =>
	bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1000)} kB`;
