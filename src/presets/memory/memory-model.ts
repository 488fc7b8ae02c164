import {checkpointedBytes, keptBytes, scoreEntries, type Bits, type EngineProfile} from './engine-profile.ts';
import {addsGradientsUp, isLora, keepsLatents, keepsTextStates, optimizerBytesPerParameter, packedBytesPerParameter, rowsOf, type MemoryConfig} from './memory-config.ts';
import {autoencoderFactor, type ModelShape} from './model-shape.ts';
import {autoencoderParameters, pairParametersOf, parametersOf, textEncoderUnits, unetUnits, type Unit} from './network-units.ts';

/** What memory is spent on. */
export const memoryLines = ['weights', 'textEncoder', 'autoencoder', 'gradients', 'optimizer', 'ema', 'casts', 'activations', 'attention', 'working', 'context', 'reserve'] as const;
export type MemoryLine = (typeof memoryLines)[number];
/** Bytes by line; a line that takes nothing may be absent. */
export type LineBytes = Readonly<Partial<Record<MemoryLine, number>>>;

/** The parts of a run. `step` is at its worst moment, somewhere in the backward pass; `update` when all gradients are there. */
export const memoryPhases = ['load', 'encode', 'step', 'update', 'sample', 'save'] as const;
export type MemoryPhase = (typeof memoryPhases)[number];

export interface PhaseMemory {
	readonly phase: MemoryPhase;
	/** They add up to `bytes`. */
	readonly lines: LineBytes;
	readonly bytes: number;
}

export interface MemoryPlan {
	readonly engine: EngineProfile['name'];
	readonly device: EngineProfile['device'];
	/** Whether the engine's byte counts were compared with measured peaks. */
	readonly calibrated: boolean;
	readonly phases: readonly PhaseMemory[];
	/** The phase that needs most. */
	readonly peak: PhaseMemory;
	readonly peakBytes: number;
	/** Every line at its largest, whenever that is: more than the peak in all, as not all are largest at once. */
	readonly lines: LineBytes;
	readonly trainedParameters: number;
}

export interface PlanOptions {
	readonly profile: EngineProfile;
	/** Pieces that the batch of a small model is cut into on a CPU: each makes gradients of its own. Default 1. */
	readonly lanes?: number;
}

/**
 * The memory that training takes, in bytes. Every engine keeps weights, gradients and moments in f32: 4 bytes a trained parameter
 * for the weight, 4 for its gradient, 8 for AdamW. Activations pile up layer by layer in the forward pass and are given back in
 * the backward pass, while gradients take their place. What a layer keeps, and what an engine takes besides, is in its profile.
 */
export const planMemory = (config: MemoryConfig, shape: ModelShape, {profile, lanes = 1}: PlanOptions): MemoryPlan => {
	const work = workOf(config, shape, profile, lanes);
	const {bits, unet, text, trainedParameters} = work;
	const [unetParameters, textParameters] = [unet, text].map(parametersOf);
	const lora = isLora(config);
	const perWeight = (isTrained: boolean) => (isTrained && !lora ? 4 : profile.frozen(bits));
	const keepsText = profile.keepsFrozen.textEncoder || !keepsTextStates(config);
	const textEncoder = textParameters * perWeight(config.trainTextEncoder);
	const autoencoder = autoencoderParameters(shape.autoencoder) * profile.frozen(bits);
	const keepsAutoencoder = profile.keepsFrozen.autoencoder || !keepsLatents(config);
	const networks: LineBytes = {
		weights: unetParameters * perWeight(config.trainUnet) + (lora ? 4 * trainedParameters : 0),
		textEncoder: keepsText ? textEncoder : 0,
		autoencoder: keepsAutoencoder ? autoencoder : 0,
		context: profile.context.bytes,
	};
	const compiled = profile.context.perUnit * (unet.length + (config.trainTextEncoder ? text.length : 0)) * work.lanes;
	const held: LineBytes = plus(networks, {
		optimizer: optimizerBytesPerParameter(config.optimizer) * trainedParameters,
		ema: config.ema && config.trainUnet && (profile.device === 'cpu' || config.emaMemory === 'device') ? 4 * unetParameters : 0,
		gradients: addsGradientsUp(config) ? profile.accumulator * trainedParameters : 0,
		context: compiled,
	});
	/** On the device before the first step, and for samples until the next one. */
	const seldom: LineBytes = {autoencoder: keepsAutoencoder ? 0 : autoencoder, textEncoder: keepsText ? 0 : textEncoder};
	const {largestTensor} = work;
	const {perParameter, largestTensors, unpacked} = profile.update;
	const phases = [
		withGaps('load', plus(networks, seldom, {working: profile.load(work.unetParameters, work.textParameters)}), profile),
		withGaps('encode', plus(held, seldom, {working: imageBytes(work, profile.autoencoder.encode) * (config.cacheLatents === 'off' ? work.rows : 1)}), profile),
		withGaps('step', plus(held, worstMomentOfBackward(work)), profile),
		withGaps('update', plus(held, {gradients: work.updatesInTurn ? 0 : gradientBytes(work, trainedParameters), working: (perParameter + unpacked * packedBytesPerParameter(config.optimizer)) * trainedParameters + largestTensors * largestTensor}), profile),
		withGaps('sample', plus(held, seldom, {casts: profile.keepsCasts ? castsOf(work, unetParameters, config.trainUnet) : Math.max(...unet.map(({parameters}) => castsOf(work, parameters, config.trainUnet))), working: Math.max(imageBytes(work, profile.autoencoder.decode), predictionBytes(work))}), profile),
		withGaps('save', plus(held, {working: profile.save.largestTensors * largestTensor}), profile),
	];
	const peak = phases.reduce((most, one) => (one.bytes > most.bytes ? one : most));
	const forward = forwardBytes(work);
	return {
		engine: profile.name,
		device: profile.device,
		calibrated: profile.calibrated,
		phases,
		peak,
		peakBytes: peak.bytes,
		lines: Object.fromEntries(memoryLines.map(line => [line, Math.max((forward[line] ?? 0), ...phases.map(({lines}) => lines[line] ?? 0))])),
		trainedParameters,
	};
};

/** Everything that the phases are computed from. */
interface Work {
	readonly config: MemoryConfig;
	readonly profile: EngineProfile;
	readonly shape: ModelShape;
	readonly bits: Bits;
	readonly rows: number;
	readonly lanes: number;
	readonly unet: readonly Unit[];
	readonly text: readonly Unit[];
	readonly unetParameters: number;
	readonly textParameters: number;
	/** What the backward pass goes through, in the order of the forward pass, with the parameters of each unit that are trained. */
	readonly walk: readonly {readonly unit: Unit; readonly trained: number}[];
	readonly trainedParameters: number;
	/** Each parameter is updated as soon as its gradient is there. */
	readonly updatesInTurn: boolean;
	/** Bytes of the largest trained tensor, f32. */
	readonly largestTensor: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const workOf = (asked: MemoryConfig, shape: ModelShape, profile: EngineProfile, lanes: number): Work => {
	// There is no fused kernel for a CPU.
	const config = profile.device === 'cpu' && asked.attention === 'fused' ? {...asked, attention: 'chunked'} : asked;
	const side = config.resolution / autoencoderFactor(shape.autoencoder);
	const unet = unetUnits(shape.unet, {height: side, width: side, tokens: (config.maxTokenLength ?? 75) + 2});
	const text = textEncoderUnits(shape.textEncoder);
	const {loraRank = 4, loraTextEncoderRank = loraRank, loraTargets: targets = 'transformer'} = config;
	const trained = (units: readonly Unit[], isTrained: boolean, rank: number) =>
		units.map(unit => ({unit, trained: isTrained ? (isLora(config) ? pairParametersOf(unit, {rank, targets}) : unit.parameters) : 0}));
	const walk = [...(config.trainTextEncoder ? trained(text, true, loraTextEncoderRank) : []), ...trained(unet, config.trainUnet, loraRank)];
	const rows = rowsOf(config);
	return {
		config,
		profile,
		shape,
		bits: config.precision === 'f32' ? 32 : 16,
		rows,
		lanes: Math.min(rows, lanes),
		unet,
		text,
		unetParameters: parametersOf(unet),
		textParameters: parametersOf(text),
		walk,
		trainedParameters: sum(walk.map(one => one.trained)),
		// Only XLA is told the order; with a loss scale, only all gradients together say whether there is an update.
		updatesInTurn: profile.updateInTurn !== undefined && (config.engine === 'auto' || config.engine === 'xla') && config.gradientClip === 0 && !config.textEncoderGradientClip && config.precision !== 'f16',
		largestTensor: Math.max(...walk.map(({unit, trained}) => 4 * Math.min(trained, unit.largestTensor))),
	};
};

/** What a unit keeps for the backward pass and what its gradients take while they are made, for all images of a micro-batch. */
const unitBytes = ({config, profile, bits, rows, lanes}: Work, unit: Unit): {kept: number; scores: number; working: number} => {
	const all = keptBytes(unit, profile.kept[bits]) * rows;
	const {score} = profile.kept[bits];
	const entries = scoreEntries(unit).map(one => one * rows);
	const inPieces = (one: number) => config.attention === 'fused' || (config.attention === 'chunked' && 4 * one > profile.chunkBytes);
	const keptScores = score * sum(entries.filter(one => !inPieces(one)));
	const working = profile.backwardShare * all
		+ Math.max(0, ...entries.map(one => (inPieces(one) ? (config.attention === 'fused' ? 0 : profile.chunksAtOnce * profile.chunkBytes) : profile.scoreGradient[bits] * one)));
	const atOnce = (bytes: number) => (bytes * (1 + profile.laneWorking * (lanes - 1))) / lanes;
	if (!config.gradientCheckpointing || unit.kind === 'convolution' || unit.kind === 'other') return {kept: all, scores: keptScores, working: atOnce(working)};
	return {kept: checkpointedBytes(unit, profile.kept[bits]) * rows, scores: 0, working: atOnce(working + all + keptScores)};
};

/** Gradients of so many parameters. */
const gradientBytes = ({profile, lanes, bits}: Work, parameters: number): number => profile.gradient[bits] * parameters * (1 + profile.laneGradients * (lanes - 1));

/** The end of the forward pass: all activations, no gradients yet. */
const forwardBytes = (work: Work): LineBytes => {
	const units = work.walk.map(({unit}) => unitBytes(work, unit));
	return {activations: sum(units.map(({kept}) => kept)), attention: sum(units.map(({scores}) => scores))};
};

/** Halves of so many weights: trained ones are held in f32 and rounded anew at each use, others are held as halves. */
const castsOf = ({config, bits}: Work, parameters: number, areTrained: boolean): number => (bits === 16 && areTrained && !isLora(config) ? 2 * parameters : 0);

/** Copies of the largest tensor while it is updated amid the backward pass: with 8-bit state, both moments in f32 beside its gradient. */
const updateInTurnBytes = ({profile, config, largestTensor}: Work): number =>
	packedBytesPerParameter(config.optimizer) > 0 ? (profile.updateInTurn?.largestTensors ?? 0) * largestTensor : 0;

/** Activations leave and gradients come, unit by unit from the end: the moment at which both and what is being worked on take most. */
const worstMomentOfBackward = (work: Work): LineBytes => {
	const {activations = 0, attention = 0} = forwardBytes(work);
	const {config: {engine}, profile: {eager, keepsCasts}, trainedParameters, updatesInTurn} = work;
	const castsOfUnit = (one: Work['walk'][number]) => castsOf(work, one.unit.parameters, one.trained > 0);
	const casts = sum(work.walk.map(castsOfUnit));
	if (engine === 'eager') {
		return {casts, activations: eager.activations * activations, attention: eager.activations * attention, gradients: gradientBytes(work, trainedParameters), working: eager.perParameter * trainedParameters};
	}

	let now = {casts: keepsCasts ? casts : 0, activations, attention, gradients: 0, working: 0};
	let worst = now;
	for (const one of work.walk.toReversed()) {
		const {kept, scores, working} = unitBytes(work, one.unit);
		const gradients = gradientBytes(work, one.trained);
		now = {
			...now,
			casts: keepsCasts ? casts : castsOfUnit(one),
			gradients: updatesInTurn ? gradients : now.gradients + gradients,
			working: working + (updatesInTurn ? updateInTurnBytes(work) : 0),
		};
		if (totalOf(now) > totalOf(worst)) worst = now;
		now = {...now, activations: now.activations - kept, attention: now.attention - scores};
	}
	return worst;
};

/** The autoencoder at work on one image; its attention has one head over all latent positions. */
const imageBytes = ({config, shape, bits}: Work, bytesPerPixelAndChannel: number): number => {
	const [channels] = shape.autoencoder.blockOutChannels;
	const positions = (config.resolution / autoencoderFactor(shape.autoencoder)) ** 2;
	return config.resolution ** 2 * channels * bytesPerPixelAndChannel * (bits / 32) + (config.attention === 'full' ? 8 * positions ** 2 : 0);
};

/** The UNet at work on one image, with and without its prompt: the skips that wait, the widest layer, its scores. */
const predictionBytes = ({config, profile, bits, unet}: Work): number => {
	const rows = 2;
	const skips = (bits / 8) * sum(unet.slice(0, unet.length / 2).map(({positions, channelsOut}) => positions * channelsOut));
	const widest = Math.max(...unet.map(({positions, channelsIn}) => positions * channelsIn)) * profile.predict * (bits / 32);
	const entries = Math.max(...unet.flatMap(scoreEntries)) * rows;
	const scores = config.attention === 'full' ? 8 * entries : config.attention === 'fused' ? 0 : Math.min(8 * entries, 2 * profile.chunkBytes);
	return rows * (skips + widest) + scores;
};

const totalOf = (lines: LineBytes): number => sum(Object.values(lines));

const plus = (...parts: readonly LineBytes[]): LineBytes =>
	Object.fromEntries(memoryLines.map(line => [line, sum(parts.map(part => part[line] ?? 0))] as const).filter(([, bytes]) => bytes > 0));

const withGaps = (phase: MemoryPhase, lines: LineBytes, {gaps}: EngineProfile): PhaseMemory => {
	const reserve = gaps * (totalOf(lines) - (lines.context ?? 0));
	return {phase, lines: {...lines, ...(reserve > 0 ? {reserve} : {})}, bytes: totalOf(lines) + reserve};
};
