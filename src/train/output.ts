import path from 'node:path';
import type {TrainingConfig} from '../presets/index.ts';
import {requireRoom} from './disk-room.ts';
import {loraOutputBytes, writeLoraOutput} from './lora-output.ts';
import {modelOutputBytes, writeModelOutput, type Written} from './model-output.ts';
import type {StoredTensor} from './parameters.ts';
import type {StableDiffusion} from './stable-diffusion.ts';
import type {TrainedState} from './trained-state.ts';
import {digestSafetensors, encodeFloats, writeSafetensors} from './weights/index.ts';

/** Bytes of everything that a run writes at its end. */
export const outputBytes = (model: StableDiffusion, config: Pick<TrainingConfig, 'training' | 'outputPrecision' | 'ema' | 'emaSave' | 'mergeLora'>): number =>
	(config.training === 'lora' ? loraOutputBytes(model, config) : modelOutputBytes(model, config)) + (config.ema && config.emaSave ? 4 * model.unet.size : 0) + 2 ** 24;

/** What was written, and how its file is known. */
export interface Output extends Written {
	/** Such as `AutoV2 0123456789, sha256 ...`: what A1111 and Civitai show of a model, or of a LoRA. */
	readonly hash: string;
}

/** Writes what the person came for. Each file and folder appears whole or not at all. */
export async function writeOutput(runFolder: string, model: StableDiffusion, state: TrainedState, config: TrainingConfig): Promise<Output> {
	const written = await writeFiles(runFolder, model, state, config);
	const {sha256, autoV2, autoV3} = await digestSafetensors(path.join(runFolder, written.output));
	return {...written, hash: `${config.training === 'lora' ? `AutoV3 ${autoV3}` : `AutoV2 ${autoV2}`}, sha256 ${sha256}`};
}

async function writeFiles(runFolder: string, model: StableDiffusion, state: TrainedState, config: TrainingConfig): Promise<Written> {
	const target = path.join(runFolder, 'output');
	requireRoom(target, outputBytes(model, config), 'The trained model');
	if (config.training === 'lora') return writeLoraOutput(runFolder, model, config);
	const name = config.emaExport && state.average ? `${config.name}_ema` : config.name;
	const changed = {
		...(state.unetForUse && {unet: state.unetForUse}),
		...(config.trainTextEncoder && {textEncoder: model.textEncoder.stored()}),
	};
	const written = await writeModelOutput(runFolder, name, model.folder, changed, config);
	if (config.emaSave && state.average) await writeTensors(path.join(target, `${config.name}_ema_unet.safetensors`), state.average.stored());
	return written;
}

/** In 32-bit floats, under the names of diffusers. */
const writeTensors = (file: string, tensors: readonly StoredTensor[]): Promise<void> =>
	writeSafetensors(file, tensors.map(({name, shape, read}) => ({name, dtype: 'F32' as const, shape, bytes: () => encodeFloats(read(), 'F32')})), {format: 'pt'});
