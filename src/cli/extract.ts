import path from 'node:path';
import {Option, type Command} from 'commander';
import {extractInProcess, type Extraction} from '../train/index.ts';
import {fileTypeOption, fileTypes, modelArgument, numberArgument, type FileType} from './model-argument.ts';
import {showProgress} from './progress.ts';
import {requireRuntime} from './require-runtime.ts';
import {UsageError} from './usage-error.ts';
import {say} from './watch.ts';

interface Options {
	readonly rank: string;
	readonly targets: Extraction['targets'];
	readonly to: string;
	readonly precision: FileType;
	readonly like?: string;
}

export function declare(command: Command): void {
	command
		.argument('<TUNED>', 'the trained model: a diffusers folder, a single file, or a finished run')
		.argument('<BASE>', 'the model that it was trained from: the same, or "demo"')
		.option('--rank <number>', 'of the LoRA: more keeps more of the difference, in a larger file', '16')
		.addOption(new Option('--targets <modules>', 'which modules may have adapters; "all" are the 3x3 convolutions too').choices(['attention', 'transformer', 'all']).default('transformer'))
		.requiredOption('--to <file>', 'the LoRA to write, with kohya\'s names')
		.addOption(fileTypeOption('number format of the LoRA').default('f16'))
		.option('--like <folder>', 'a diffusers folder with the configs of a single file that has an unusual structure')
		.action(extract);
}

async function extract(tuned: string, base: string, {rank: typedRank, targets, to, precision, like}: Options): Promise<void> {
	const rank = numberArgument('--rank', typedRank);
	if (!Number.isSafeInteger(rank) || rank < 1 || rank > 1280) {
		throw new UsageError(`--rank ${typedRank}: it must be a whole number from 1 to 1280.`, 'Usual are 4 to 128.');
	}

	if (!to.endsWith('.safetensors')) {
		throw new UsageError(`--to ${to}: a LoRA is one file, whose name ends with .safetensors.`, `Give --to ${to}.safetensors`);
	}

	const model = (typed: string) => ({baseModel: modelArgument(typed), ...(like !== undefined && {like})});
	const extraction: Extraction = {tuned: model(tuned), base: model(base), rank, targets, target: path.resolve(to), dtype: fileTypes[precision]};
	requireRuntime();
	const shown = showProgress('extracting');
	const {modules, kept, reached, autoencoderDiffers, overflows} = await extractInProcess(extraction, shown.at).finally(shown.clear);
	say(path.resolve(to));
	say(`${modules} modules of rank ${rank} keep ${percent(kept)} of the difference in these modules (of its squares), which are ${percent(reached)} of the whole difference.`);
	const elsewhere = targets === 'all' ? 'the rest is in biases, norms and embeddings, which no LoRA holds' : 'more is reached with --targets all';
	const notes = [
		...(reached < 0.95 ? [`The LoRA does not reach ${percent(1 - reached)} of the difference: ${elsewhere}.`] : []),
		...(kept < 0.8 ? ['Much of the difference is lost at this rank: a higher --rank keeps more.'] : []),
		...(autoencoderDiffers ? ['The two models have different autoencoders (VAE). A LoRA does not hold that: use it together with the VAE of the trained model.'] : []),
		...(overflows > 0 ? [`${overflows} tensors have values too large for ${precision}, which became infinite. Give --precision f32.`] : []),
	];
	for (const note of notes) {
		process.stderr.write(`warning: ${note}\n`);
	}
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;
