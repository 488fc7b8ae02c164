import path from 'node:path';
import type {TrainingConfig} from '../presets/index.ts';
import {requireRoom} from './disk-room.ts';
import type {StableDiffusion} from './stable-diffusion.ts';
import type {TrainedState} from './trained-state.ts';
import {modelSpec, writeModelFolder, writeSingleFile} from './weights/index.ts';

/** Bytes of the single file and the folder together. */
export const outputBytes = (model: StableDiffusion, {outputPrecision}: Pick<TrainingConfig, 'outputPrecision'>): number =>
	2 * (outputPrecision === 'f16' ? 2 : 4) * (model.unet.size + model.textEncoder.size + model.vae.size) + 2 ** 24;

/**
 * Writes what the person came for: `output/<name>.safetensors` for A1111 and ComfyUI, and `output/<name>/` for diffusers.
 * Both appear whole or not at all. Paths in the answer are relative to the run folder.
 */
export async function writeOutput(runFolder: string, model: StableDiffusion, state: TrainedState, config: TrainingConfig): Promise<{output: string; folder: string; warning?: string}> {
	const target = path.join(runFolder, 'output');
	requireRoom(target, outputBytes(model, config), 'The trained model');
	const [folder, output] = [path.join('output', config.name), path.join('output', `${config.name}.safetensors`)];
	const changed = {
		...(state.unetForUse && {unet: state.unetForUse}),
		...(config.trainTextEncoder && {textEncoder: model.textEncoder.stored()}),
	};
	const options = {dtype: config.outputPrecision === 'f16' ? 'F16' : 'F32', existing: 'replace'} as const;
	const metadata = modelSpec({...model.folder, title: config.name, resolution: config.resolution, triggerPhrase: config.concepts[0]?.instancePrompt});
	const reports = [
		await writeModelFolder(path.join(runFolder, folder), model.folder, changed, options),
		await writeSingleFile(path.join(runFolder, output), {...model.folder, ...changed}, {...options, metadata}),
	];
	const overflows = [...new Set(reports.flatMap(report => report.overflows.map(({name}) => name)))];
	return {output, folder, ...(overflows.length > 0 && {warning: `These weights are too large for ${config.outputPrecision} and were saved as infinity: ${overflows.slice(0, 5).join(', ')}. Save in f32 instead (outputPrecision).`})};
}
