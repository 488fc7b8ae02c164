import {existsSync, readdirSync, statSync} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import {recognizeTensors, resolveBaseModel} from '../../presets/index.ts';
import {digestSafetensors, openSafetensors, WeightsError, type Hashes} from '../weights/index.ts';
import type {Conversion, Made} from './conversion.ts';
import {convertLora} from './lora.ts';
import {convertModel} from './model.ts';

export type {Conversion} from './conversion.ts';

export interface Converted extends Made {
	/** Of a file. */
	readonly hashes?: Hashes;
}

export type Progress = (what: 'write' | 'hash', share: number) => void;

/**
 * Writes a model or a LoRA in another form. No number changes unless its type does.
 * @throws WeightsError, BaseModelError, DiskRoomError
 */
export async function convert({source: typed, target: place, ...options}: Conversion, tell: Progress = () => undefined): Promise<Converted> {
	const source = loraIn(resolveBaseModel(typed));
	const target = path.resolve(place);
	requireFree(target);
	const write = (share: number) => tell('write', share);
	await mkdir(path.dirname(target), {recursive: true});
	const isLora = await holdsLora(source);
	const made = isLora ? await convertLora({source, target, ...options}, write) : await convertModel({source, target, ...options}, write);
	if (!made.written.endsWith('.safetensors')) return made;
	const {size} = statSync(made.written);
	let read = 0;
	return {...made, hashes: await digestSafetensors(made.written, {onBytes: bytes => tell('hash', Math.min(1, (read += bytes) / size))})};
}

/** A LoRA of diffusers lies in a folder of its own. */
function loraIn(source: string): string {
	if (statSync(source, {throwIfNoEntry: false})?.isDirectory() !== true || existsSync(path.join(source, 'model_index.json'))) return source;
	const weights = readdirSync(source).filter(name => name.endsWith('.safetensors'));
	return weights.length === 1 ? path.join(source, weights[0]) : source;
}

/** @throws WeightsError for a file that is neither a model nor a LoRA: its name, and the reason */
async function holdsLora(source: string): Promise<boolean> {
	if (statSync(source, {throwIfNoEntry: false})?.isFile() !== true) return false;
	const file = await openSafetensors(source);
	await file.close();
	const {kind, name, refusal} = recognizeTensors(file.tensors);
	const action = 'dreambooth show FILE says what is in a file. Whole models and LoRAs of Stable Diffusion 1 and 2 can be converted.';
	if (refusal !== undefined) throw new WeightsError(`${source} cannot be converted: ${name} (${refusal}).`, {action});
	if (kind !== 'checkpoint' && kind !== 'lora') throw new WeightsError(`${source} is no whole model: ${name}.`, {action});
	return kind === 'lora';
}

/** @throws WeightsError with a name that is free */
function requireFree(target: string): void {
	if (!existsSync(target)) return;
	const {dir, name, ext} = path.parse(target);
	let number = 2;
	while (existsSync(path.join(dir, `${name}-${number}${ext}`))) number++;
	throw new WeightsError(`${target} exists already and is not overwritten.`, {action: `Give another name, such as ${path.join(dir, `${name}-${number}${ext}`)}.`});
}
