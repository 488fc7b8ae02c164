import fs from 'node:fs';
import path from 'node:path';
import type {Command} from 'commander';
import {showProgress} from './progress.ts';
import {UsageError} from './usage-error.ts';
import {say} from './watch.ts';

interface Options {
	readonly count?: string;
	readonly size?: string;
	readonly facts?: string;
	readonly seed: string;
	readonly from: string;
	readonly heldOut?: boolean;
	readonly sheet?: string;
	readonly columns?: string;
	readonly rows?: string;
}

export function declare(command: Command): void {
	command
		.argument('[FOLDER]', 'where pictures and captions go, a thousand in a subfolder; those that are there are kept')
		.option('--count <number>', 'how many pictures')
		.option('--size <pixels>', 'of a side; 64 when left out')
		.option('--facts <file>', 'write what each picture shows, too: a JSON object a line (class, colour, background ...)')
		.option('--seed <number>', 'of the series: the same seed draws the same pictures', '0')
		.option('--from <index>', 'of the first picture in the series', '0')
		.option('--held-out', 'pictures that no seed shows without this word: to measure what was learnt')
		.option('--sheet <file>', 'instead of a folder: one PNG with pictures and their captions, to look at')
		.option('--columns <number>', 'of the sheet; 8 when left out')
		.option('--rows <number>', 'of the sheet; 6 when left out')
		.action(async (folder: string | undefined, options: Options) => (options.sheet === undefined ? writeFolder(folder, options) : writeSheet(options.sheet, folder, options)));
}

const MOST_PICTURES = 1_000_000;
const MOST_INDEX = 2 ** 31 - MOST_PICTURES;

const seriesOf = ({seed, from, heldOut = false}: Options) => ({
	seed: wholeNumber('--seed', seed, {least: 0, most: Number.MAX_SAFE_INTEGER}),
	from: wholeNumber('--from', from, {least: 0, most: MOST_INDEX}),
	heldOut,
});

async function writeFolder(typed: string | undefined, options: Options): Promise<void> {
	if (typed === undefined) throw new UsageError('There is no folder for the pictures.', 'Give one, as in dreambooth world FOLDER --count 10000, or look at some first: dreambooth world --sheet FILE.png');
	refuse(options, ['columns', 'rows'], 'It is about a sheet: give --sheet FILE.png, too, and no folder.');
	if (options.count === undefined) throw new UsageError('It is not said how many pictures to draw.', 'Give --count, as in --count 10000. A network that begins with random weights wants 100000.');
	const count = wholeNumber('--count', options.count, {least: 1, most: MOST_PICTURES});
	const size = wholeNumber('--size', options.size ?? '64', {least: 16, most: 1024});
	const series = seriesOf(options);
	const folder = path.resolve(typed);
	const {writeWorld} = await import('../train/world/index.ts');
	const shown = showProgress('drawing');
	const {drawn, kept} = await writeWorld({folder, count, size, ...series, ...(options.facts !== undefined && {factsFile: path.resolve(options.facts)})}, shown.at).finally(shown.clear);
	say(folder);
	say([`${drawn} pictures of ${size}x${size} drawn`, ...(kept > 0 ? [`${kept} were there`] : [])].join(', '));
	say('To train on them: this folder as instanceImages, and [filewords] as instancePrompt.');
}

async function writeSheet(file: string, folder: string | undefined, options: Options): Promise<void> {
	if (folder !== undefined) throw new UsageError(`${folder}: a sheet goes into one file, not into a folder.`, 'Leave the folder out, or leave --sheet out and give --count.');
	refuse(options, ['count', 'size', 'facts'], 'It is about pictures in a folder: leave it out. A sheet has --columns and --rows.');
	if (!file.toLowerCase().endsWith('.png')) throw new UsageError(`--sheet ${file}: it is a PNG file, whose name ends with .png.`, `Give --sheet ${file}.png`);
	if (fs.existsSync(file)) throw new UsageError(`--sheet ${file}: it exists already and is not overwritten.`, 'Give another name, or remove it.');
	const columns = wholeNumber('--columns', options.columns ?? '8', {least: 1, most: 50});
	const rows = wholeNumber('--rows', options.rows ?? '6', {least: 1, most: 50});
	const {seed, from, heldOut} = seriesOf(options);
	const {contactSheet, scene} = await import('../train/world/index.ts');
	const scenes = Array.from({length: columns * rows}, (_, i) => scene(seed, from + i, {heldOut}));
	fs.writeFileSync(file, await contactSheet(scenes, {columns}), {flag: 'wx'});
	say(path.resolve(file));
}

/** @throws UsageError for an option that is given and belongs to the other form of the verb */
function refuse(options: Options, names: readonly (keyof Options)[], action: string): void {
	const given = names.find(name => options[name] !== undefined);
	if (given !== undefined) throw new UsageError(`--${given} ${options[given]}: it has nothing to do here.`, action);
}

function wholeNumber(flag: string, typed: string, {least, most}: {least: number; most: number}): number {
	const number = Number(typed);
	if (!/^\d+$/.test(typed) || number < least || number > most) throw new UsageError(`${flag} ${typed}: it must be a whole number from ${least} to ${most}.`, 'See dreambooth world --help.');
	return number;
}
