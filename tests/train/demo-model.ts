import {openBaseModel} from '../../src/train/base-model.ts';
import type {ModelSource} from '../../src/train/model-files.ts';
import {StableDiffusion, type OpenOptions} from '../../src/train/stable-diffusion.ts';

const opened: {close(): Promise<void>}[] = [];

/** The embedded model, for pictures of 64 pixels. */
export async function demoModel(options: Partial<OpenOptions> = {}, changes: Partial<ModelSource> = {}): Promise<StableDiffusion> {
	const {folder, engine: {mode, lanes}} = await openBaseModel({baseModel: 'demo', ...changes}, {pixels: 64 ** 2});
	opened.push(folder);
	return StableDiffusion.open(folder, {mode, lanes, clipSkip: 1, ...options});
}

export const closeModels = async (): Promise<void> => {
	await Promise.all(opened.splice(0).map(folder => folder.close()));
};
