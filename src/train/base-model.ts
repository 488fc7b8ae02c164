import {statSync} from 'node:fs';
import path from 'node:path';
import {readModelFacts, resolveBaseModel, type TrainingConfig} from '../presets/index.ts';
import {startEngine, type Engine, type EngineWishes} from './engine.ts';
import {clipVocabulary} from './models/index.ts';
import {cacheFolder} from './runtime/index.ts';
import {declareNetworks} from './stable-diffusion.ts';
import {openAutoencoderFile, openModelFolder, openNetwork, openSingleFile, parseVaeConfig, readJson, readStructure, structureFolder, WeightsError, type ModelFolder} from './weights/index.ts';

export type BaseModelChoice = Pick<TrainingConfig, 'baseModel'> & Partial<Pick<TrainingConfig, 'vae' | 'prediction' | 'zeroTerminalSnr'>>;

/**
 * Opens the model that a run starts from, with what the config changes about it, and starts the engine for its structure.
 * `structures`: where the configs of single files are kept.
 * @throws WeightsError, BaseModelError
 */
export async function openBaseModel(
	{baseModel, vae = '', prediction = 'auto', zeroTerminalSnr = false}: BaseModelChoice,
	wishes: EngineWishes,
	structures = path.join(cacheFolder(), 'structures'),
): Promise<{folder: ModelFolder; engine: Engine}> {
	const source = resolveBaseModel(baseModel);
	const {folder: opened, engine} = statSync(source, {throwIfNoEntry: false})?.isFile() ? await openFile(source, wishes, structures) : await openFolder(source, wishes);
	try {
		const scheduled = withSchedule(opened, prediction, zeroTerminalSnr);
		return {folder: vae === '' ? scheduled : await withAutoencoder(scheduled, vae), engine};
	} catch (error) {
		await opened.close();
		throw error;
	}
}

async function openFolder(source: string, wishes: EngineWishes) {
	const folder = await openModelFolder(source);
	return {folder, engine: startEngine(folder, wishes)};
}

/** A single file has the configs and the tokenizer of its family, from a folder made for it in the cache. */
async function openFile(file: string, wishes: EngineWishes, structures: string) {
	const {family = 'sd1', prediction} = readModelFacts(file);
	const place = await structureFolder(structures, {family, prediction: prediction === 'v_prediction' ? prediction : 'epsilon'}, clipVocabulary());
	const structure = await readStructure(place);
	const engine = startEngine(structure, wishes);
	const declared = declareNetworks(structure);
	const tensors = (network: keyof typeof declared) => ({tensors: new Map(declared[network].map(({name, shape}) => [name, {shape}]))});
	return {folder: await openSingleFile(file, {...structure, unet: tensors('unet'), vae: tensors('vae'), textEncoder: tensors('textEncoder')}), engine};
}

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

/** With another autoencoder: a diffusers folder (`vae/` or a model that has one), or a file. It becomes part of what is saved. */
async function withAutoencoder(model: ModelFolder, source: string): Promise<ModelFolder> {
	const saved = {toNormalize: new Set([...model.toNormalize, 'vae'] as const)};
	if (statSync(source, {throwIfNoEntry: false})?.isFile()) {
		const vae = await openAutoencoderFile(source, model.vae);
		return {...model, ...saved, vae, close: closing(model, vae)};
	}
	const folder = statSync(path.join(source, 'vae'), {throwIfNoEntry: false})?.isDirectory() ? path.join(source, 'vae') : source;
	const configFile = path.join(folder, 'config.json');
	const json = await readJson(configFile);
	const vaeConfig = parseVaeConfig(json, configFile);
	const {vaeConfig: own} = model;
	if (vaeConfig.latentChannels !== own.latentChannels || vaeConfig.blockOutChannels.length !== own.blockOutChannels.length) {
		throw new WeightsError(
			`${folder} makes latents of ${vaeConfig.latentChannels} channels at 1/${2 ** (vaeConfig.blockOutChannels.length - 1)} of the size; the base model needs ${own.latentChannels} at 1/${2 ** (own.blockOutChannels.length - 1)}.`,
			{action: 'Choose an autoencoder that was made for this kind of model.'},
		);
	}
	const {file: vae} = await openNetwork('vae', folder);
	return {...model, ...saved, vae, vaeConfig, changedFields: {...model.changedFields, 'vae/config.json': json as Record<string, unknown>}, close: closing(model, vae)};
}

const closing = (model: ModelFolder, vae: {close(): Promise<void>}) => async () => {
	await Promise.all([model.close(), vae.close()]);
};
