import fs from 'node:fs';
import path from 'node:path';
import {publishedShapes, shapeFromConfigs, type ModelShape} from './memory/model-shape.ts';
import {BaseModelError} from './model-error.ts';
import type {ModelFamily} from './model-kind.ts';
import {absolutePath, asset, faultOf} from './paths.ts';
import {readSingleFileFacts} from './single-file.ts';

/** What the presets know of a base model, read from its JSON files and safetensors headers only. */
export interface ModelFacts {
	/** The diffusers folder, or the single file. */
	readonly folder: string;
	/** Of a single file: the structure it has. */
	readonly family?: ModelFamily;
	/** Of a single file: it has the average of the UNet's weights too. */
	readonly ema?: boolean;
	/** The side of the square the model was made for, in pixels. */
	readonly resolution: number;
	/** Every image side is a multiple of it: the autoencoder's reduction times the UNet's. */
	readonly resolutionMultiple: number;
	/** Pixels per latent position along one side. */
	readonly autoencoderFactor: number;
	readonly prediction: 'epsilon' | 'v_prediction' | 'sample';
	/** What its size in memory follows from. */
	readonly shape: ModelShape;
	/** Absent when the weights of a folder are not in one safetensors file each. */
	readonly parameters?: {readonly unet: number; readonly textEncoder: number; readonly autoencoder: number};
}

/** The absolute path of a base model: of a path, or of the embedded one for the word demo. */
export const resolveBaseModel = (name: string): string => (name === 'demo' ? asset('demo', 'base') : absolutePath(name));

/** Reads what the settings must know of a model. Throws BaseModelError when it is neither a diffusers folder nor a single file of a known family. */
export const readModelFacts = (name: string): ModelFacts => {
	const folder = resolveBaseModel(name);
	if (!fs.existsSync(folder)) {
		throw new BaseModelError(`The base model ${folder} does not exist.`, 'Set baseModel to the path of a diffusers folder or a safetensors file, or to the word demo.');
	}

	if (fs.statSync(folder).isFile()) {
		const {family, prediction, ema, parameters} = readSingleFileFacts(folder);
		return {folder, family, ema, resolution: prediction === 'v_prediction' ? 768 : 512, resolutionMultiple: 64, autoencoderFactor: 8, prediction, shape: family === 'sd1' ? publishedShapes.sd15 : publishedShapes.sd21, parameters};
	}

	const unet = readJson(path.join(folder, 'unet', 'config.json'));
	const textEncoder = readJson(path.join(folder, 'text_encoder', 'config.json'));
	const autoencoder = readJson(path.join(folder, 'vae', 'config.json'));
	const scheduler = readJson(path.join(folder, 'scheduler', 'scheduler_config.json'));
	const autoencoderFactor = 2 ** (levels(autoencoder, folder, 'vae') - 1);
	const prediction = scheduler.prediction_type;
	const parameters = countModelParameters(folder);
	return {
		folder,
		resolution: (typeof unet.sample_size === 'number' ? unet.sample_size : 64) * autoencoderFactor,
		resolutionMultiple: autoencoderFactor * 2 ** (levels(unet, folder, 'unet') - 1),
		autoencoderFactor,
		prediction: prediction === 'v_prediction' || prediction === 'sample' ? prediction : 'epsilon',
		shape: shapeFromConfigs({unet, textEncoder, autoencoder}),
		...(parameters ? {parameters} : {}),
	};
};

/** Stable Diffusion as published, by the words sd15 and sd21: for planning without the model at hand. */
export const publishedModel = (word: string): {readonly model: ModelFacts; readonly name: string} | undefined => {
	const facts = {folder: '', resolutionMultiple: 64, autoencoderFactor: 8} as const;
	switch (word) {
		case 'sd15': {
			return {name: 'Stable Diffusion 1.5', model: {...facts, family: 'sd1', resolution: 512, prediction: 'epsilon', shape: publishedShapes.sd15}};
		}

		case 'sd21': {
			return {name: 'Stable Diffusion 2.1', model: {...facts, family: 'sd2', resolution: 768, prediction: 'v_prediction', shape: publishedShapes.sd21}};
		}

		default: {
			return undefined;
		}
	}
};

const readJson = (file: string): Readonly<Record<string, unknown>> => {
	let text: string;
	try {
		text = fs.readFileSync(file, 'utf8');
	} catch (error) {
		throw new BaseModelError(`${file} ${faultOf(error)}.`, 'A base model is a diffusers folder with unet, vae, text_encoder, tokenizer and scheduler inside.');
	}

	try {
		const value: unknown = JSON.parse(text);
		if (typeof value === 'object' && value !== null) {
			return value as Record<string, unknown>;
		}
	} catch {}

	throw new BaseModelError(`${file} is not a JSON object.`, 'Get the base model again.');
};

const levels = (config: Readonly<Record<string, unknown>>, folder: string, part: string): number => {
	if (!Array.isArray(config.block_out_channels) || config.block_out_channels.length === 0) {
		throw new BaseModelError(`${path.join(folder, part, 'config.json')} has no block_out_channels.`, 'Get the base model again.');
	}

	return config.block_out_channels.length;
};

const countModelParameters = (folder: string): ModelFacts['parameters'] => {
	const unet = countParameters(path.join(folder, 'unet', 'diffusion_pytorch_model.safetensors'));
	const textEncoder = countParameters(path.join(folder, 'text_encoder', 'model.safetensors'));
	const autoencoder = countParameters(path.join(folder, 'vae', 'diffusion_pytorch_model.safetensors'));
	return unet !== undefined && textEncoder !== undefined && autoencoder !== undefined ? {unet, textEncoder, autoencoder} : undefined;
};

/** Numbers in a safetensors file, from its header; undefined when it cannot be told. */
const countParameters = (file: string): number | undefined => {
	let handle: number | undefined;
	try {
		handle = fs.openSync(file, 'r');
		const length = Buffer.alloc(8);
		fs.readSync(handle, length, 0, 8, 0);
		const header = Buffer.alloc(Math.min(Number(length.readBigUInt64LE()), 100_000_000, fs.fstatSync(handle).size));
		fs.readSync(handle, header, 0, header.length, 8);
		const entries = Object.entries(JSON.parse(header.toString()) as Record<string, {shape?: number[]}>);
		return entries.reduce((sum, [, {shape}]) => sum + (shape?.reduce((product, side) => product * side, 1) ?? 0), 0);
	} catch {
		return undefined;
	} finally {
		if (handle !== undefined) {
			fs.closeSync(handle);
		}
	}
};
