import path from 'node:path';
import {readModelFacts} from '../../presets/index.ts';
import {requireRoom} from '../disk-room.ts';
import {openModelFiles} from '../model-files.ts';
import {cacheFolder} from '../runtime/index.ts';
import {elementCount, mainType, modelSpec, openSafetensors, writeModelFolder, writeSingleFile, type FloatType, type ModelFolder} from '../weights/index.ts';
import type {Conversion, Made} from './conversion.ts';

const networks = ['unet', 'vae', 'textEncoder'] as const;
const networkNames = {unet: 'UNet', vae: 'autoencoder', textEncoder: 'text encoder'};

/** A diffusers folder becomes a single file and the other way round, or another one of its kind. */
export async function convertModel({source, target, dtype: wanted, vae, ema, like}: Conversion, tell: (share: number) => void): Promise<Made> {
	const model = await openModelFiles({baseModel: source, vae, ema, like}, path.join(cacheFolder(), 'structures'));
	try {
		const toFile = target.endsWith('.safetensors');
		const own = networks.map(network => mainType(model[network]));
		const dtype = wanted ?? own[0];
		const dtypes = toFile || wanted !== undefined ? [dtype] : own;
		const bytes = bytesOf(model, dtype);
		requireRoom(path.dirname(target), bytes, 'The converted model');
		let done = 0;
		const options = {dtype, onBytes: (written: number) => tell(Math.min(1, (done += written) / bytes))};
		const {overflows} = toFile
			? await writeSingleFile(target, model, {...options, metadata: await metadataOf(source, target, model)})
			: await writeModelFolder(target, model, wanted === undefined ? {} : {unet: [], vae: [], textEncoder: []}, options);
		return {written: target, form: toFile ? 'single file' : 'diffusers folder', dtypes, overflows, warnings: [...model.warnings, ...(toFile && wanted === undefined ? narrowed(own, dtype) : [])]};
	} finally {
		await model.close();
	}
}

/** A single file has one type for all; nobody has asked for another than the UNet's. */
const narrowed = (own: readonly FloatType[], dtype: FloatType): string[] =>
	networks.flatMap((network, i) => (own[i] === dtype ? [] : [`The ${networkNames[network]} was ${own[i]} and is ${dtype} now, as the UNet: all of a single file has one type. --precision chooses it.`]));

/** What a single file says of itself stays; a folder says nothing. */
async function metadataOf(source: string, target: string, model: ModelFolder): Promise<Readonly<Record<string, string>>> {
	const spec = modelSpec({...model, title: path.basename(target, '.safetensors'), resolution: readModelFacts(model.folder).resolution});
	if (!source.endsWith('.safetensors')) return spec;
	const file = await openSafetensors(source);
	await file.close();
	return {...spec, ...Object.fromEntries(file.metadata)};
}

const bytesOf = (model: ModelFolder, dtype: FloatType): number =>
	(dtype === 'F32' ? 4 : 2) * networks.flatMap(network => [...model[network].tensors.values()]).reduce((sum, {shape}) => sum + elementCount(shape), 0);
