import type {Command} from 'commander';
import {
	BaseModelError, compileTimesOfShape, correctionKey, correctPlan, defaultConcept, describeCompiling, detectHardware, fitConfig, formatBytes, memoryDeltas, placementOf, placementOn, planFor, publishedModel, readMeasured, readModelFacts, settingOf, valueFromText, whyNoGpu,
	type Change, type CompileTime, type MemoryDelta, type MemoryLine, type MemoryPhase, type MemoryPlan, type ModelFacts, type Placement, type TrainingConfig,
} from '../presets/index.ts';
import {cacheFolder} from '../train/runtime/index.ts';
import {readConfig, withConfigSource, type ConfigSource} from './config-source.ts';
import {table} from './table.ts';
import {addTrainingFlags, withFlags, type Flags} from './training-flags.ts';
import {UsageError} from './usage-error.ts';
import {say} from './watch.ts';

interface Options extends ConfigSource {
	readonly published?: string;
	readonly card?: string;
	readonly json?: boolean;
}

/** What `--json` prints. Bytes throughout. */
interface Estimate {
	readonly model: string;
	readonly device: string;
	readonly place: string;
	readonly totalBytes: number;
	readonly availableBytes: number;
	/** What a plan may take: the rest is a margin. */
	readonly usableBytes: number;
	/** Whether the plan rests on measurements of this engine on such a device. */
	readonly calibrated: boolean;
	/** Whether a run of this config on this machine has corrected it. */
	readonly measured: boolean;
	readonly peakBytes: number;
	readonly peakPhase: MemoryPhase;
	readonly fits: boolean;
	readonly plan: Pick<MemoryPlan, 'lines' | 'phases' | 'trainedParameters'>;
	/** What would make it fit, in order; empty when it fits, or when nothing would. */
	readonly changes: readonly Change[];
	readonly options: readonly MemoryDelta[];
	/** The functions that XLA compiles for each shape of image, in seconds; empty where it compiles nothing. */
	readonly compiling: readonly CompileTime[];
	/** The most shapes there can be; absent: as many as the images have. */
	readonly mostShapes?: number;
}

export function declare(command: Command): void {
	withConfigSource(command)
		.option('--published <model>', 'plan for a published model that need not be here: sd15 or sd21')
		.option('--card <memory>', 'plan for a GPU with this much free memory, such as "24 GiB", instead of this machine')
		.option('--json', 'one JSON object, in bytes');
	addTrainingFlags(command);
	command.action(async (options: Options & Flags) => {
		const source = await readConfig(options, {facts: options.card !== undefined || options.device === 'gpu' || isNamed(options.gpu) ? {gpu: true} : {}});
		const place = await placeOf(options, source);
		const {config, model, name} = subjectOf(source, options, place);
		const estimate = estimateOf(config, model, name, place);
		say(options.json ? JSON.stringify(estimate, (_, value: unknown) => (typeof value === 'number' ? Math.round(value) : value), 2) : formatEstimate(estimate));
	});
}

/** What is planned. Images and prompts take no part in it, so that a config without them is as good. */
function subjectOf(source: TrainingConfig, options: Options & Flags, {device}: Placement): {config: TrainingConfig; model: ModelFacts; name: string} {
	const published = options.published === undefined ? undefined : publishedModel(options.published);
	if (options.published !== undefined && !published) {
		throw new UsageError(`--published ${options.published} is not known.`, 'There are sd15 and sd21.');
	}

	if (!published && source.baseModel === '' && options.baseModel === undefined) {
		throw new UsageError('No base model is given.', 'Give --base-model, or --published sd15 to plan without one.');
	}

	const concepts = source.concepts.length > 0 ? source.concepts : [{...defaultConcept(), instanceImages: '.', instancePrompt: 'any'}];
	const config = withFlags({...source, concepts, ...(published && {baseModel: 'demo'})}, options, {gpu: device === 'gpu'});
	try {
		return {config, ...(published ?? {model: readModelFacts(config.baseModel), name: config.baseModel})};
	} catch (error) {
		throw error instanceof BaseModelError ? new UsageError(error.fault, `${error.cure} To plan without the model: --published sd15 or sd21.`) : error;
	}
}

/** Whether `--gpu` means a certain one: then the plan is for a GPU. */
const isNamed = (gpu: Flags[string]): gpu is string => typeof gpu === 'string' && gpu !== 'auto';

async function placeOf({card, gpu, device: typed}: Options & Flags, source: TrainingConfig): Promise<Placement> {
	if (card !== undefined) {
		const bytes = bytesFrom(card);
		// A card of today: with bf16.
		return placementOn({index: 0, name: `card with ${formatBytes(bytes)}`, totalBytes: bytes, usedBytes: 0, freeBytes: bytes, driver: '', computeCapability: 8});
	}

	const read = isNamed(gpu) ? valueFromText(settingOf('gpu'), gpu) : undefined;
	if (read && 'problem' in read) {
		throw new UsageError(`--gpu ${gpu}: ${read.problem}`, 'nvidia-smi counts them from 0.');
	}

	const device = isNamed(gpu) || typed === 'gpu' ? 'gpu' : typed === 'cpu' ? 'cpu' : source.device;
	const name = typeof gpu === 'string' ? gpu : source.gpu;
	const hardware = await detectHardware();
	const fault = device === 'gpu' ? whyNoGpu(hardware.gpu, name) : undefined;
	if (fault !== undefined) {
		throw new UsageError(fault, 'dreambooth doctor says what is there; --card "24 GiB" plans for one that is not.');
	}

	return placementOf(hardware, {device, gpu: name});
}

/** 24 GiB, 24GB, 24: GiB, as cards are sold by it. */
function bytesFrom(text: string): number {
	const [, amount, unit = 'g'] = /^\s*(\d+(?:\.\d+)?)\s*(?:([gm])(?:i?b)?)?\s*$/i.exec(text) ?? [];
	const bytes = Number(amount) * (unit.toLowerCase() === 'm' ? 2 ** 20 : 2 ** 30);
	if (!(bytes > 0)) {
		throw new UsageError(`--card ${text} is no amount of memory.`, 'Write it as "24 GiB" or "8192 MiB".');
	}

	return bytes;
}

function estimateOf(config: TrainingConfig, model: ModelFacts, name: string, place: Placement): Estimate {
	const measured = readMeasured(cacheFolder(), correctionKey(config, model, place));
	const planned = planFor(config, model, place);
	const plan = measured === undefined ? planned : correctPlan(planned, measured);
	const fits = plan.peakBytes <= place.usableBytes;
	const fit = fits ? undefined : fitConfig(config, model, place);
	return {
		model: name,
		device: place.device,
		place: place.name,
		totalBytes: place.totalBytes,
		availableBytes: place.availableBytes,
		usableBytes: Math.round(place.usableBytes),
		calibrated: plan.calibrated,
		measured: measured !== undefined,
		peakBytes: Math.round(plan.peakBytes),
		peakPhase: plan.peak.phase,
		fits,
		plan: {lines: plan.lines, phases: plan.phases, trainedParameters: plan.trainedParameters},
		changes: fit?.fits ? fit.changes : [],
		options: memoryDeltas(config, model, place),
		compiling: compileTimesOfShape(config, model, place.device),
		...(config.crop === 'none' ? config.maxBuckets > 0 && {mostShapes: config.maxBuckets} : {mostShapes: 1}),
	};
}

const lineNames: Readonly<Record<MemoryLine, string>> = {
	weights: 'UNet, its adapters',
	textEncoder: 'Text encoder',
	autoencoder: 'Autoencoder',
	gradients: 'Gradients',
	optimizer: 'Optimizer state',
	ema: 'Average (EMA)',
	casts: 'Half-precision copies',
	activations: 'Activations',
	attention: 'Attention scores',
	working: 'Working memory',
	context: 'Program and libraries',
	reserve: 'Gaps',
};

const phaseNames: Readonly<Record<MemoryPhase, string>> = {
	load: 'Loading the model',
	encode: 'Encoding images',
	step: 'Backward pass',
	update: 'Updating the weights',
	sample: 'Sampling',
	save: 'Saving',
};

function formatEstimate({model, device, place, availableBytes, totalBytes, usableBytes, calibrated, measured, peakBytes, peakPhase, fits, plan: {lines, phases}, changes, options, compiling, mostShapes}: Estimate): string {
	const peak = phases.find(({phase}) => phase === peakPhase)!;
	const amount = (bytes: number | undefined) => (bytes === undefined || bytes < 2 ** 19 ? '-' : formatBytes(bytes)).padStart(9);
	const basis = measured ? 'corrected by what a run of this config took here' : calibrated ? 'calibrated by measurements' : `not yet calibrated by measurements on a ${device.toUpperCase()}`;
	const free = `${formatBytes(availableBytes)} of ${formatBytes(totalBytes)} free`;
	const spare = usableBytes - peakBytes;
	return [
		`${model} on ${place}, ${free} (${basis})`,
		'',
		...table([['Line', '  at peak', '  largest'], ...(Object.keys(lineNames) as MemoryLine[]).filter(line => (lines[line] ?? 0) > 0).map(line => [lineNames[line], amount(peak.lines[line]), amount(lines[line])]), ['Peak', amount(peakBytes), '']]),
		'',
		...table(phases.map(({phase, bytes}) => [phaseNames[phase], amount(bytes), phase === peakPhase ? '<- peak' : ''])),
		'',
		fits ? `Fits, with ${formatBytes(spare)} to spare beside a margin of ${formatBytes(availableBytes - usableBytes)}.`
		: changes.length > 0 ? `Does not fit: ${formatBytes(-spare)} too much with a margin of ${formatBytes(availableBytes - usableBytes)}. These changes together would make it fit:`
		: `Does not fit: ${formatBytes(-spare)} too much, and no change of the options would make it.`,
		...changes.map(({text, change}) => `  ${text}  (${flagsOf(change)})`),
		...(compiling.length === 0 ? [] : ['', `${describeCompiling(compiling, mostShapes === 1 ? undefined : `bucket in use${mostShapes === undefined ? '' : ` (${mostShapes} at most)`}`)}.`]),
		'',
		'What the options would change:',
		...options.map(({text, change}) => `  ${text}  (${flagsOf(change)})`),
	].join('\n');
}

/** `--attention chunked` */
const flagsOf = (change: Partial<TrainingConfig>): string =>
	(Object.keys(change) as (keyof Partial<TrainingConfig> & Parameters<typeof settingOf>[0])[]).map(key => `${settingOf(key).cliFlag} ${typeof change[key] === 'boolean' ? (change[key] ? 'yes' : 'no') : JSON.stringify(change[key]).replaceAll('"', '') || '""'}`).join(' ');
