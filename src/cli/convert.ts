import {Option, type Command} from 'commander';
import type {Converted} from '../train/convert/index.ts';
import {exitCodes} from './exit-codes.ts';
import {fileTypeOption, fileTypes, numberArgument, type FileType} from './model-argument.ts';
import {showProgress} from './progress.ts';
import {say} from './watch.ts';

interface Options {
	readonly precision?: FileType;
	readonly vae?: string;
	readonly ema?: boolean;
	readonly like?: string;
	readonly layout?: 'kohya' | 'diffusers';
	readonly alpha?: string;
	readonly json?: boolean;
}

export function declare(command: Command): void {
	command
		.argument('<SOURCE>', 'a diffusers folder, a single file, "demo", or a LoRA file')
		.argument('<TARGET>', 'what to write: a file when it ends with .safetensors, else a diffusers folder; nothing is overwritten')
		.addOption(fileTypeOption('number format of the result; that of SOURCE when left out'))
		.option('--vae <file|folder>', 'of a model: another autoencoder to put into it')
		.option('--ema', 'of a single file: the average (EMA) of its weights, where it has one')
		.option('--like <folder>', 'of a single file: a diffusers folder with its configs, for an unusual structure')
		.addOption(new Option('--layout <names>', 'of a LoRA: whose names it gets; the other ones than SOURCE has when left out').choices(['kohya', 'diffusers']))
		.option('--alpha <number>', 'of a LoRA whose file does not tell it')
		.option('--json', 'one JSON object')
		.action(async (source: string, target: string, {precision, alpha, json, ...options}: Options) => {
			const {convert} = await import('../train/convert/index.ts');
			const [writing, hashing] = [showProgress('Writing:'), showProgress('Hashing:')];
			const made = await convert(
				{source, target, ...options, ...(precision && {dtype: fileTypes[precision]}), ...(alpha !== undefined && {alpha: numberArgument('--alpha', alpha)})},
				(what, share) => (what === 'write' ? writing : hashing).at(share),
			).finally(hashing.clear);
			say(json ? JSON.stringify(made, undefined, 2) : formatMade(made));
			for (const warning of [...made.warnings, ...overflowWarnings(made)]) process.stderr.write(`warning: ${warning}\n`);
			if (made.overflows.length > 0) process.exitCode = exitCodes.failed;
		});
}

function formatMade({written, form, dtypes, hashes}: Converted): string {
	const types = [...new Set(dtypes)].join(' and ');
	return [
		written,
		`${form}, ${types}`,
		...(hashes ? [`sha256 ${hashes.sha256}`, `AutoV2 ${hashes.autoV2}${form.startsWith('LoRA') ? `, AutoV3 ${hashes.autoV3}` : ''}`] : []),
	].join('\n');
}

const SHOWN = 5;

function overflowWarnings({overflows, dtypes}: Converted): string[] {
	if (overflows.length === 0) return [];
	const named = overflows.slice(0, SHOWN).map(({name, count}) => `${name} (${count})`).join(', ') + (overflows.length > SHOWN ? ` and ${overflows.length - SHOWN} more` : '');
	return [`Numbers too large for ${dtypes[0]} became infinite, in ${overflows.length} tensors: ${named}. Convert with --precision f32 or bf16.`];
}
