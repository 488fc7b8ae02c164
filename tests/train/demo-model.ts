import {openBaseModel, type BaseModelChoice} from '../../src/train/base-model.ts';
import {StableDiffusion, type OpenOptions} from '../../src/train/stable-diffusion.ts';

/** The embedded model, for pictures of 64 pixels. */
export async function demoModel(options: Partial<OpenOptions> = {}, changes: Partial<BaseModelChoice> = {}): Promise<StableDiffusion> {
	const {folder, engine: {mode, lanes}} = await openBaseModel({baseModel: 'demo', ...changes}, {pixels: 64 ** 2});
	return StableDiffusion.open(folder, {mode, lanes, clipSkip: 1, ...options});
}
