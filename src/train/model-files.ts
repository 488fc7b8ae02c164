import {statSync} from 'node:fs';
import path from 'node:path';
import {readModelFacts, resolveBaseModel, type TrainingConfig} from '../presets/index.ts';
import {
	networkTensors, openAutoencoderFile, openModelFolder, openNetwork, openSafetensors, openSingleFile, parseVaeConfig, randomWeights, readJson, readStructure, structureFolder, WeightsError,
	type ModelFolder, type ModelStructure, type RandomStart, type SafetensorsFile, type VaeConfig,
} from './weights/index.ts';

/** Where a model is, and what is changed about it. */
export interface ModelSource extends Pick<TrainingConfig, 'baseModel'>, Partial<Pick<TrainingConfig, 'vae' | 'prediction' | 'zeroTerminalSnr'>> {
	/** Of a single file: the average of its weights. */
	readonly ema?: boolean;
	/** Networks whose weights are drawn instead of read. */
	readonly random?: RandomStart;
	/** Of a single file: the model folder whose configs and tokenizer count, instead of those of its family. */
	readonly like?: string;
}

/**
 * Opens a model without TensorFlow: a diffusers folder, a single file or the word demo.
 * @param structures where the configs of single files are kept
 * @throws WeightsError, BaseModelError
 */
export async function openModelFiles({baseModel, vae = '', prediction = 'auto', zeroTerminalSnr = false, ema = false, random, like}: ModelSource, structures: string): Promise<ModelFolder> {
	const source = resolveBaseModel(baseModel);
	const isFile = statSync(source, {throwIfNoEntry: false})?.isFile() === true;
	if (ema && !isFile) throw new WeightsError(`${source} is a folder, which has no average (EMA) beside its weights.`, {action: 'Use the weights that it has: leave out --ema, or switch off baseModelEma.'});
	const opened = isFile ? startedAnew(await openFile(source, {ema, like, vae}, structures), random) : await withAutoencoder(await openModelFolder(source, {random}), vae);
	return withSchedule(opened, prediction, zeroTerminalSnr);
}

/** A single file has the configs and the tokenizer of its family, from a folder made for it in the cache. */
async function openFile(file: string, {ema, like, vae}: {ema: boolean; like: string | undefined; vae: string}, structures: string): Promise<ModelFolder> {
	// A pickle or a broken file says best what it is when it is opened.
	const header = await openSafetensors(file);
	await header.close();
	const marksZeroSnr = header.tensors.has('ztsnr');
	const structure = like === undefined ? await structureOf(file, structures) : await readStructure(path.resolve(like));
	const listed = networkTensors(structure);
	const tensors = {unet: {tensors: listed.unet}, vae: {tensors: listed.vae}, textEncoder: {tensors: listed.textEncoder}};
	const other = vae === '' ? undefined : await openAutoencoder(vae, structure);
	try {
		const opened = await openSingleFile(file, {...structure, ...tensors}, {ema, vae: other?.vae});
		return withSchedule(other === undefined ? opened : replacedBy(opened, other), 'auto', marksZeroSnr);
	} catch (error) {
		await other?.vae.close();
		throw error;
	}
}

async function structureOf(file: string, structures: string): Promise<ModelStructure> {
	const {family = 'sd1', prediction} = readModelFacts(file);
	// The table of CLIP's words is built when it is needed.
	const {clipVocabulary} = await import('./models/index.ts');
	return readStructure(await structureFolder(structures, {family, prediction: prediction === 'v_prediction' ? prediction : 'epsilon'}, clipVocabulary()));
}

/** What a single file has beside its text encoder belongs to the weights that it had. */
function startedAnew(model: ModelFolder, random: RandomStart | undefined): ModelFolder {
	if (!random) return model;
	const drawn = Object.fromEntries(random.networks.map(network => [network, randomWeights(network, model, random.seed)]));
	return {...model, ...drawn, ...(random.networks.includes('textEncoder') && {remainder: undefined})};
}

/** Which networks of a run are drawn: those that it trains. */
export const randomStart = ({init, seed, trainUnet, trainTextEncoder}: Pick<TrainingConfig, 'init' | 'seed' | 'trainUnet' | 'trainTextEncoder'>): RandomStart | undefined =>
	init === 'random' ? {seed, networks: [...(trainUnet ? ['unet' as const] : []), ...(trainTextEncoder ? ['textEncoder' as const] : [])]} : undefined;

/** UNet and text encoder */
export const drawnNetworks = ({networks}: RandomStart): string => networks.map(network => ({unet: 'UNet', textEncoder: 'text encoder'})[network]).join(' and ');

const SCHEDULER = 'scheduler/scheduler_config.json';

function withSchedule(model: ModelFolder, prediction: TrainingConfig['prediction'], zeroTerminalSnr: boolean): ModelFolder {
	if (prediction === 'auto' && !zeroTerminalSnr) return model;
	const chosen = prediction === 'auto' ? {} : {prediction_type: prediction};
	// With pure noise at the last timestep, sampling has to begin there.
	const rescaled = zeroTerminalSnr ? {rescale_betas_zero_snr: true, timestep_spacing: 'trailing'} : {};
	return {
		...model,
		schedulerConfig: {
			...model.schedulerConfig,
			...(prediction !== 'auto' && {predictionType: prediction}),
			...(zeroTerminalSnr && {rescaleBetasZeroSnr: true, timestepSpacing: 'trailing'}),
		},
		changedFields: {...model.changedFields, [SCHEDULER]: {...model.changedFields[SCHEDULER], ...chosen, ...rescaled}},
	};
}

interface Autoencoder {
	readonly vae: SafetensorsFile;
	/** When it has one of its own. */
	readonly config?: {readonly parsed: VaeConfig; readonly json: Readonly<Record<string, unknown>>};
}

/** With another autoencoder, which becomes part of what is saved. Closes the model when that one cannot be used. */
async function withAutoencoder(model: ModelFolder, source: string): Promise<ModelFolder> {
	if (source === '') return model;
	try {
		return replacedBy(model, await openAutoencoder(source, model));
	} catch (error) {
		await model.close();
		throw error;
	}
}

const replacedBy = (model: ModelFolder, {vae, config}: Autoencoder): ModelFolder => ({
	...model,
	vae,
	toNormalize: new Set([...model.toNormalize, 'vae'] as const),
	...(config && {vaeConfig: config.parsed, changedFields: {...model.changedFields, 'vae/config.json': config.json}}),
	close: async () => {
		await Promise.all([model.close(), vae.close()]);
	},
});

/** A diffusers folder (`vae/` or a model that has one), or a file. */
async function openAutoencoder(source: string, model: ModelStructure): Promise<Autoencoder> {
	if (statSync(source, {throwIfNoEntry: false})?.isFile()) return {vae: await openAutoencoderFile(source, {tensors: networkTensors(model).vae})};
	const folder = statSync(path.join(source, 'vae'), {throwIfNoEntry: false})?.isDirectory() ? path.join(source, 'vae') : source;
	const configFile = path.join(folder, 'config.json');
	const json = await readJson(configFile);
	const parsed = parseVaeConfig(json, configFile);
	const {vaeConfig: own} = model;
	if (parsed.latentChannels !== own.latentChannels || parsed.blockOutChannels.length !== own.blockOutChannels.length) {
		throw new WeightsError(
			`${folder} makes latents of ${parsed.latentChannels} channels at 1/${2 ** (parsed.blockOutChannels.length - 1)} of the size; the base model needs ${own.latentChannels} at 1/${2 ** (own.blockOutChannels.length - 1)}.`,
			{action: 'Choose an autoencoder that was made for this kind of model.'},
		);
	}
	const {file: vae} = await openNetwork('vae', folder);
	return {vae, config: {parsed, json: json as Record<string, unknown>}};
}
