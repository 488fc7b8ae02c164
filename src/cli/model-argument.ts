import fs from 'node:fs';
import path from 'node:path';
import {Option} from 'commander';
import {findRun, RunNotFoundError} from '../train/protocol/index.ts';
import {resultOf, type Result} from './run-result.ts';
import {UsageError} from './usage-error.ts';

/** Number formats of weights in a file, as the settings call them. */
export const fileTypes = {f16: 'F16', bf16: 'BF16', f32: 'F32'} as const;
export type FileType = keyof typeof fileTypes;

export const fileTypeOption = (description: string): Option => new Option('--precision <type>', description).choices(Object.keys(fileTypes));

/** The model that was typed: the word demo, a diffusers folder, a single file, or a run that has made one. @throws UsageError, RunError */
export function modelArgument(typed: string): string {
	if (typed === 'demo' || fs.existsSync(typed)) {
		return typed === 'demo' ? typed : path.resolve(typed);
	}

	const made = madeBy(typed, 'model');
	if (made.kind === 'lora') {
		throw new UsageError(`Run ${typed} has made a LoRA, not a model: ${made.file}`, 'Give its base model, and the LoRA with --lora.');
	}

	return made.folder;
}

/** The LoRA that was typed: a file, or a run that has made one. */
export function loraArgument(typed: string): string {
	if (fs.existsSync(typed)) {
		return path.resolve(typed);
	}

	const made = madeBy(typed, 'LoRA');
	if (made.kind === 'model') {
		throw new UsageError(`Run ${typed} has made a model, not a LoRA: ${made.folder}`, 'Give a LoRA file, or a run that trained one.');
	}

	return made.file;
}

function madeBy(typed: string, wanted: string): Result {
	try {
		return resultOf(findRun(typed));
	} catch (error) {
		throw error instanceof RunNotFoundError ? new UsageError(`There is no ${wanted} ${typed}: no such file or folder, and no such run.`, 'Check the path. dreambooth runs lists the runs.') : error;
	}
}

/** The number that was typed after a flag. @throws UsageError */
export function numberArgument(flag: string, typed: string): number {
	const number = Number(typed);
	if (typed.trim() === '' || !Number.isFinite(number)) {
		throw new UsageError(`${flag} ${typed}: it must be a number, such as 0.8.`, 'See the --help of this verb.');
	}

	return number;
}
