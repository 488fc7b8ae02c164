import fs from 'node:fs';
import path from 'node:path';
import type {Command} from 'commander';
import {mergeModels} from '../train/index.ts';
import {fileTypeOption, fileTypes, loraArgument, modelArgument, numberArgument, type FileType} from './model-argument.ts';
import {showProgress} from './progress.ts';
import {UsageError} from './usage-error.ts';
import {say} from './watch.ts';

interface Options {
	readonly lora: readonly string[];
	readonly weight?: string;
	readonly to: string;
	readonly precision?: FileType;
	readonly like?: string;
}

export function declare(command: Command): void {
	command
		.argument('<MODEL>', 'a diffusers folder, a single file, "demo", or a finished run')
		.argument('[OTHER]', 'a model to mix with it')
		.option('--weight <share>', 'how much of OTHER: 0 is none, 1 nothing else; 0.5 when left out')
		.option('--lora <FILE[:STRENGTH]>', 'a LoRA to work into the weights (a file or a run); 1 is as trained; may be given several times', (typed: string, before: readonly string[]) => [...before, typed], [])
		.requiredOption('--to <target>', 'what to write: a single file when it ends with .safetensors, else a diffusers folder')
		.addOption(fileTypeOption('number format of the result; that of MODEL when left out'))
		.option('--like <folder>', 'a diffusers folder with the configs of a single file that has an unusual structure')
		.action(merge);
}

async function merge(model: string, other: string | undefined, {lora, weight: typedWeight, to, precision, like}: Options): Promise<void> {
	if (other === undefined && lora.length === 0) {
		throw new UsageError('There is nothing to merge.', 'Give a LoRA with --lora FILE:STRENGTH, or a second model. To change only the form of a model: dreambooth convert.');
	}

	if (other === undefined && typedWeight !== undefined) {
		throw new UsageError(`--weight ${typedWeight}: there is no second model.`, 'Give one after the first, or leave --weight out.');
	}

	const weight = typedWeight === undefined ? 0.5 : numberArgument('--weight', typedWeight);
	if (weight < 0 || weight > 1) {
		throw new UsageError(`--weight ${typedWeight}: it is a share, from 0 to 1.`, 'See dreambooth merge --help.');
	}

	const loras = lora.map(loraOf);
	const shown = showProgress('merging');
	const {dtype, modules, overflows} = await mergeModels({
		model: {baseModel: modelArgument(model), like},
		...(other !== undefined && {other: {model: {baseModel: modelArgument(other), like}, weight}}),
		loras,
		target: path.resolve(to),
		...(precision && {dtype: fileTypes[precision]}),
	}, shown.at).finally(shown.clear);
	say(path.resolve(to));
	say([
		...(other === undefined ? [] : [`${percent(1 - weight)} of ${model} and ${percent(weight)} of ${other}`]),
		...loras.map(({file, strength}, index) => `${path.basename(file)} at strength ${strength}, ${modules[index]} modules`),
		`saved in ${dtype}`,
	].join('; '));
	if (overflows.length > 0) {
		process.stderr.write(`warning: ${overflows.length} tensors have values too large for ${dtype}, which became infinite: ${overflows.slice(0, 3).map(({name}) => name).join(', ')}. Give --precision f32.\n`);
	}
}

/** `FILE:0.8`; a colon in a path stays a part of it. */
function loraOf(typed: string): {file: string; strength: number} {
	const [, name, strength] = /^(.+):(-?(?:\d+\.?\d*|\.\d+))$/.exec(typed) ?? [];
	return name === undefined || fs.existsSync(typed) ? {file: loraArgument(typed), strength: 1} : {file: loraArgument(name), strength: Number(strength)};
}

const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;
