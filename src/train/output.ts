import path from 'node:path';
import type {TrainingConfig} from '../presets/index.ts';
import {requireRoom} from './disk-room.ts';
import type {StoredTensor} from './parameters.ts';
import type {StableDiffusion} from './stable-diffusion.ts';
import type {TrainedState} from './trained-state.ts';
import {encodeFloats, modelSpec, writeModelFolder, writeSafetensors, writeSingleFile} from './weights/index.ts';

/** Bytes of the single file, the folder and the average together. */
export const outputBytes = (model: StableDiffusion, {outputPrecision, ema, emaSave}: Pick<TrainingConfig, 'outputPrecision' | 'ema' | 'emaSave'>): number =>
	2 * (outputPrecision === 'f16' ? 2 : 4) * (model.unet.size + model.textEncoder.size + model.vae.size) + (ema && emaSave ? 4 * model.unet.size : 0) + 2 ** 24;

/**
 * Writes what the person came for: `output/<name>.safetensors` for A1111 and ComfyUI, and `output/<name>/` for diffusers.
 * Both appear whole or not at all. Paths in the answer are relative to the run folder.
 */
export async function writeOutput(runFolder: string, model: StableDiffusion, state: TrainedState, config: TrainingConfig): Promise<{output: string; folder: string; warning?: string}> {
	const target = path.join(runFolder, 'output');
	requireRoom(target, outputBytes(model, config), 'The trained model');
	const name = config.emaExport && state.average ? `${config.name}_ema` : config.name;
	const [folder, output] = [path.join('output', name), path.join('output', `${name}.safetensors`)];
	const changed = {
		...(state.unetForUse && {unet: state.unetForUse}),
		...(config.trainTextEncoder && {textEncoder: model.textEncoder.stored()}),
	};
	const options = {dtype: config.outputPrecision === 'f16' ? 'F16' : 'F32', existing: 'replace'} as const;
	const metadata = modelSpec({...model.folder, title: name, resolution: config.resolution, triggerPhrase: config.concepts[0]?.instancePrompt});
	const reports = [
		await writeModelFolder(path.join(runFolder, folder), model.folder, changed, options),
		await writeSingleFile(path.join(runFolder, output), {...model.folder, ...changed}, {...options, metadata}),
	];
	if (config.emaSave && state.average) await writeTensors(path.join(target, `${config.name}_ema_unet.safetensors`), state.average.stored());
	const overflows = [...new Set(reports.flatMap(report => report.overflows.map(({name}) => name)))];
	return {output, folder, ...(overflows.length > 0 && {warning: `These weights are too large for ${config.outputPrecision} and were saved as infinity: ${overflows.slice(0, 5).join(', ')}. Save in f32 instead (outputPrecision).`})};
}

/** In 32-bit floats, under the names of diffusers. */
const writeTensors = (file: string, tensors: readonly StoredTensor[]): Promise<void> =>
	writeSafetensors(file, tensors.map(({name, shape, read}) => ({name, dtype: 'F32' as const, shape, bytes: () => encodeFloats(read(), 'F32')})), {format: 'pt'});
