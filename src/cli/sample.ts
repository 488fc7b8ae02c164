import fs from 'node:fs';
import path from 'node:path';
import {Option, type Command} from 'commander';
import {detectGpus, readModelFacts, settingOf, valueFromText, whyNoGpu, type SettingKey, type SettingValue, type TrainingConfig} from '../presets/index.ts';
import {sampleInProcess, type SampleJob} from '../train/index.ts';
import {findRun} from '../train/protocol/index.ts';
import {showProgress} from './progress.ts';
import {requireRuntime} from './require-runtime.ts';
import {resultOf} from './run-result.ts';
import {UsageError} from './usage-error.ts';
import {say} from './watch.ts';

interface SampleOptions {
	readonly model: string;
	readonly prompt: readonly string[];
	readonly negative: string;
	readonly seed: string;
	readonly steps?: string;
	readonly guidance?: string;
	readonly sampler?: string;
	readonly size?: string;
	readonly count: string;
	readonly out: string;
	readonly device?: string;
	readonly gpu?: string;
	readonly precision?: string;
	readonly lora?: string;
	readonly loraScale: string;
}

export function declare(command: Command): void {
	const choices = (key: SettingKey) => {
		const setting = settingOf(key);
		return setting.type === 'choice' ? setting.choices.flatMap(({value, aliases = []}) => [value, ...aliases]) : [];
	};
	command
		.option('--model <FOLDER|RUN>', 'a diffusers folder, a single file, "demo", or a finished run', 'last')
		.option('--lora <file>', 'a LoRA to use with the model; a run that trained one brings its own')
		.option('--lora-scale <number>', 'how much of the LoRA: 0 is none, 1 as it was trained', '1')
		.requiredOption('--prompt <text...>', 'what to see; several make several pictures')
		.option('--negative <text>', 'what not to see', '')
		.option('--seed <number>', 'of the first picture; each further one has the next', '0')
		.option('--steps <number>', 'of the sampler')
		.option('--guidance <number>', 'how closely to follow the prompt')
		.addOption(new Option('--sampler <name>').choices(choices('sampler')))
		.option('--size <pixels>', 'or WIDTHxHEIGHT, instead of what the model was made for')
		.option('--count <number>', 'pictures of each prompt', '1')
		.addOption(new Option('--device <where>', 'auto takes a graphics card that can be used').choices(choices('device')))
		.option('--gpu <number|UUID>', 'which of several graphics cards, as nvidia-smi counts them')
		.addOption(new Option('--precision <type>', 'of the numbers; halves take half the memory, and are faster on a GPU').choices(choices('precision')))
		.option('--out <folder|file.png>', 'where they go; nothing is overwritten', '.')
		.action(makeSamples);
}

async function makeSamples(options: SampleOptions): Promise<void> {
	const {baseModel, lora = options.lora, changes, text} = modelOf(options);
	const {folder, resolution} = readModelFacts(baseModel);
	const seed = wholeNumber('--seed', options.seed, 0);
	const count = wholeNumber('--count', options.count, 1);
	const pictures = options.prompt.flatMap(prompt => Array.from({length: count}, (_, index) => ({prompt, seed: seed + index})));
	const {width, height} = options.size === undefined ? {width: resolution, height: resolution} : sizeOf(options.size);
	const {device, gpu} = await placeOf(options);
	const images = placed(pictures, options.out);
	refuseTaken(images);
	const shown = showProgress();
	requireRuntime();
	await sampleInProcess({
		model: folder,
		changes,
		...text,
		device,
		precision: valueOf('precision', options.precision) as TrainingConfig['precision'],
		...(lora !== undefined && {lora: {file: path.resolve(lora), scale: scaleOf(options.loraScale)}}),
		negativePrompt: options.negative,
		sampler: valueOf('sampler', options.sampler) as TrainingConfig['sampler'],
		samplingSteps: Number(valueOf('samplingSteps', options.steps)),
		guidance: Number(valueOf('guidance', options.guidance)),
		width,
		height,
		images,
	}, progress => {
		if (progress.type === 'image') {
			shown.clear();
			say(progress.file);
		} else {
			shown.at(progress.share);
		}
	}, gpu).finally(shown.clear);
}

/** Where to work. @throws UsageError where that is not to be had */
async function placeOf({device: typed, gpu: typedGpu}: SampleOptions): Promise<Pick<TrainingConfig, 'device' | 'gpu'>> {
	const gpu = valueOf('gpu', typedGpu) as string;
	if (typed === 'cpu' && gpu !== 'auto') {
		throw new UsageError(`--gpu ${gpu} names a graphics card, but --device is cpu.`, 'Leave out one of the two.');
	}

	const device = gpu === 'auto' ? valueOf('device', typed) as TrainingConfig['device'] : 'gpu';
	const fault = device === 'gpu' ? whyNoGpu(await detectGpus(), gpu) : undefined;
	if (fault !== undefined) {
		throw new UsageError(fault, 'Leave out --device and --gpu to take what is there; dreambooth doctor says what that is.');
	}

	return {device, gpu};
}

interface ModelToUse {
	readonly baseModel: string;
	readonly lora?: string;
	/** What the run that trained the LoRA changed about its base model. */
	readonly changes?: SampleJob['changes'];
	/** How the run read its prompts. */
	readonly text?: Pick<SampleJob, 'clipSkip' | 'maxTokenLength' | 'padTokens'>;
}

function modelOf({model, lora}: SampleOptions): ModelToUse {
	if (model === 'demo' || fs.existsSync(path.join(model, 'model_index.json')) || fs.statSync(model, {throwIfNoEntry: false})?.isFile()) {
		return {baseModel: model};
	}

	const made = resultOf(findRun(model));
	if (made.kind === 'model') {
		return {baseModel: made.folder, text: made.config && textOf(made.config)};
	}

	const {baseModel, baseModelEma, vae, prediction, zeroTerminalSnr} = made.config;
	return {baseModel: made.furtherFrom ?? baseModel, lora: lora ?? made.file, changes: {ema: baseModelEma && made.furtherFrom === undefined, vae, prediction, zeroTerminalSnr}, text: textOf(made.config)};
}

const textOf = ({clipSkip, maxTokenLength, padTokens}: TrainingConfig) => ({clipSkip, maxTokenLength, padTokens});

function scaleOf(typed: string): number {
	const scale = Number(typed);
	if (typed.trim() === '' || !Number.isFinite(scale)) {
		throw new UsageError(`--lora-scale ${typed}: it must be a number, such as 0.8.`, 'See dreambooth sample --help.');
	}

	return scale;
}

/** Gives each picture a file of its own. */
function placed(pictures: readonly {readonly prompt: string; readonly seed: number}[], out: string): {prompt: string; seed: number; file: string}[] {
	if (out.endsWith('.png')) {
		if (pictures.length > 1) {
			throw new UsageError(`--out ${out} is one file, and ${pictures.length} pictures are to be made.`, 'Give a folder.');
		}

		fs.mkdirSync(path.dirname(path.resolve(out)), {recursive: true});
		return pictures.map(picture => ({...picture, file: path.resolve(out)}));
	}

	fs.mkdirSync(out, {recursive: true});
	const taken = new Set<string>();
	return pictures.map(picture => {
		const words = picture.prompt.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '-').replaceAll(/^-|-$/g, '').slice(0, 60);
		let name = `${words}-${picture.seed}.png`;
		for (let number = 2; taken.has(name); number++) {
			name = `${words}-${picture.seed}-${number}.png`;
		}

		taken.add(name);
		return {...picture, file: path.resolve(out, name)};
	});
}

function refuseTaken(images: readonly {readonly file: string}[]): void {
	const taken = images.find(({file}) => fs.existsSync(file));
	if (taken) {
		throw new UsageError(`${taken.file} exists already.`, 'Choose another place with --out, or remove it.');
	}
}

/** What was typed for a setting, or its default. */
function valueOf(key: SettingKey, typed: string | undefined): SettingValue {
	const setting = settingOf(key);
	if (typed === undefined) {
		return setting.default;
	}

	const read = valueFromText(setting, typed);
	if ('problem' in read) {
		throw new UsageError(`${typed} is no ${setting.label.toLowerCase()}. ${read.problem}`, `dreambooth explain ${key} says what it does.`);
	}

	return read.value;
}

function sizeOf(typed: string): {width: number; height: number} {
	const [, width, height = width] = /^(\d+)(?:x(\d+))?$/.exec(typed) ?? [];
	return {width: wholeNumber('--size', width ?? typed, 8), height: wholeNumber('--size', height ?? typed, 8)};
}

function wholeNumber(flag: string, typed: string, least: number): number {
	const number = Number(typed);
	if (!Number.isSafeInteger(number) || number < least) {
		throw new UsageError(`${flag} ${typed}: it must be a whole number from ${least} up.`, 'See dreambooth sample --help.');
	}

	return number;
}
