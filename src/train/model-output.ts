import path from 'node:path';
import type {TrainingConfig} from '../presets/index.ts';
import {metadataFor} from './output-metadata.ts';
import type {StableDiffusion} from './stable-diffusion.ts';
import {writeModelFolder, writeSingleFile, type ModelFolder, type NamedTensor, type SaveReport} from './weights/index.ts';

/** What was written. Paths are relative to the run folder. */
export interface Written {
	/** The file for A1111 and ComfyUI. */
	readonly output: string;
	/** The folder for diffusers. */
	readonly folder: string;
	readonly warning?: string;
}

export const dtypeOf = ({outputPrecision}: Pick<TrainingConfig, 'outputPrecision'>) => (outputPrecision === 'f16' ? ('F16' as const) : ('F32' as const));

/** Bytes of the single file and the folder together. */
export const modelOutputBytes = (model: StableDiffusion, {outputPrecision}: Pick<TrainingConfig, 'outputPrecision'>): number => 2 * (outputPrecision === 'f16' ? 2 : 4) * (model.unet.size + model.textEncoder.size + model.vae.size);

/** A whole model: `output/<name>.safetensors` for A1111 and ComfyUI, and `output/<name>/` for diffusers. */
export async function writeModelOutput(runFolder: string, name: string, model: ModelFolder, changed: {readonly unet?: readonly NamedTensor[]; readonly textEncoder?: readonly NamedTensor[]}, config: TrainingConfig): Promise<Written> {
	const [folder, output] = [path.join('output', name), path.join('output', `${name}.safetensors`)];
	const options = {dtype: dtypeOf(config), existing: 'replace'} as const;
	const metadata = await metadataFor(runFolder, name, {folder: model}, config);
	const reports = [
		await writeModelFolder(path.join(runFolder, folder), model, changed, options),
		await writeSingleFile(path.join(runFolder, output), {...model, ...changed}, {...options, metadata}),
	];
	return {output, folder, ...overflowWarning(reports, config)};
}

export function overflowWarning(reports: readonly SaveReport[], {outputPrecision}: Pick<TrainingConfig, 'outputPrecision'>): Pick<Written, 'warning'> {
	const overflows = [...new Set(reports.flatMap(report => report.overflows.map(({name}) => name)))];
	return overflows.length === 0 ? {} : {warning: `These weights are too large for ${outputPrecision} and were saved as infinity: ${overflows.slice(0, 5).join(', ')}. Save in f32 instead (outputPrecision).`};
}
