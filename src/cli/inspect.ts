import path from 'node:path';
import type {Command} from 'commander';
import {BaseModelError, bucketLimit, detectHardware, engineOn, placementOf, readModelFacts, type ModelFacts} from '../presets/index.ts';
import type {CompilePlan, Finding, InspectedImage, PlannedStep} from '../train/inspect/index.ts';
import {readConfig, withConfigSource, type ConfigSource} from './config-source.ts';
import {table} from './table.ts';
import {addTrainingFlags, withFlags, type Flags} from './training-flags.ts';
import {UsageError} from './usage-error.ts';
import {say} from './watch.ts';

interface Options extends ConfigSource {
	readonly json?: boolean;
	readonly steps?: string;
	readonly crops?: string;
}

export function declare(command: Command): void {
	withConfigSource(command)
		.option('--steps <count>', 'also the images, prompts and learning rates of the first steps')
		.option('--crops <folder>', 'save the images as the training sees them, as PNG; overwrites nothing')
		.option('--json', 'one JSON object');
	addTrainingFlags(command);
	command.action(async ({json, steps: typed, crops, ...options}: Options & Flags) => {
		const count = typed === undefined ? 0 : stepsFrom(typed);
		const asked = withFlags(await readConfig(options), options);
		if (asked.concepts.length === 0) {
			throw new UsageError('No images are given.', 'Give --instance-images FOLDER and --instance-prompt TEXT, or a config file with --config.');
		}

		const place = placementOf(await detectHardware(), asked);
		const config = {...asked, maxBuckets: bucketLimit(asked, place.device)};
		// Images and prompts are read by libraries that other verbs do without.
		const {describePlan, inspectImages, planFunctions, planSteps, saveCrops} = await import('../train/inspect/index.ts');
		const model = modelOf(config.baseModel);
		const {images, findings} = await inspectImages(config, model);
		const functions = engineOn(config, place.device) === 'xla' ? planFunctions(images, config, model, place) : {compiled: [], plain: []};
		const steps = planSteps(images, config, count);
		const saved = crops === undefined ? [] : await saveCrops(images, crops, config);
		say(json
			? JSON.stringify({images: images.map(image => ({...image, hash: image.hash.toString(16).padStart(16, '0')})), findings, ...functionsOf(functions), steps, crops: saved}, undefined, 2)
			: [...formatImages(images), '', ...formatFindings(findings), ...spaced(describePlan(functions)), ...formatSteps(steps), ...(crops === undefined ? [] : ['', `Saved ${counted(saved.length, 'cropped image')} in ${path.resolve(crops)}.`])].join('\n'));
	});
}

function modelOf(name: string): ModelFacts {
	try {
		return readModelFacts(name);
	} catch (error) {
		throw error instanceof BaseModelError ? new UsageError(error.fault, error.cure) : error;
	}
}

function stepsFrom(text: string): number {
	const count = Number(text);
	if (!/^\d+$/.test(text) || count === 0) {
		throw new UsageError(`--steps ${text} is no number of steps.`, 'Give a whole number from 1.');
	}

	return count;
}

function formatImages(images: readonly InspectedImage[]): string[] {
	const rows = images.map(({file, original, bucket, cropped, tokens, instancePrompt, classPrompt = '-'}) => [
		path.basename(file), sizeText(original), sizeText(bucket), cropText(cropped), String(tokens), instancePrompt, classPrompt,
	]);
	return [`${counted(images.length, 'image')}:`, '', ...table([['File', 'Pixels', 'Bucket', 'Cut off', 'Tokens', 'Instance prompt', 'Class prompt'], ...rows])];
}

const cropText = ({share, from, at}: InspectedImage['cropped']): string =>
	share < 0.005 ? 'nothing' : `${(100 * share).toFixed(0)} % ${from}${at === 'random' ? ', at random' : ''}`;

const formatFindings = (findings: readonly Finding[]): string[] => findings.length === 0
	? ['Nothing to object to.']
	: [`${counted(findings.length, 'thing')} to look at:`, ...findings.map(({message, cure}) => `  ${message} ${cure}`)];

function formatSteps(steps: readonly PlannedStep[]): string[] {
	return steps.flatMap(({step, learningRate, textEncoderLearningRate, microBatches}) => [
		'',
		`Step ${step}: learning rate ${rateText(learningRate)}, of the text encoder ${rateText(textEncoderLearningRate)}`,
		...table(microBatches.flatMap((rows, i) => rows.map(({file, width, height, prompt, flipped}) => [
			`  ${microBatches.length > 1 ? `${i + 1}. ` : ''}${path.basename(file)}`, sizeText({width, height}), flipped ? 'mirrored' : '', prompt === '' ? '(no prompt)' : prompt,
		]))),
	]);
}

const spaced = (lines: readonly string[]): string[] => (lines.length === 0 ? [] : ['', ...lines]);

/** For scripts: what XLA compiles and what not. Seconds. */
function functionsOf({compiled, plain}: CompilePlan) {
	const listed = (functions: CompilePlan['compiled']) => functions.map(({name, uses, time: {first, again}}) => ({name, calls: uses, compileSeconds: Math.round(first), compileAgainSeconds: Math.round(again)}));
	return {compiled: listed(compiled), plainGraphs: listed(plain)};
}

const rateText = (rate: number | undefined): string => (rate === undefined ? 'none (not trained)' : String(Number(rate.toPrecision(4))));
const sizeText = ({width, height}: {readonly width: number; readonly height: number}): string => `${width}x${height}`;
const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
