import type {TrainingConfig} from '../presets/index.ts';
import {epochOf, rowsOf, type TrainingSet} from './batches.ts';
import {compile, type Compiled, type CompileOptions, type DeviceTensor, type Signature} from './graph/index.ts';
import type {Latents} from './latents.ts';
import {priorWeightAt, rowWeights} from './loss.ts';
import {normals, uniformInt} from './random.ts';
import type {StableDiffusion} from './stable-diffusion.ts';
import {stepSignature, trainingStep, type Penalty, type StepModel, type StepShape} from './step.ts';
import type {TrainedState} from './trained-state.ts';

/** What a finished optimizer step has to say. Losses are means over its micro-batches. */
export interface StepReport {
	/** Steps done, this one included. */
	readonly step: number;
	readonly loss: number;
	readonly instanceLoss: number;
	readonly priorLoss: number | undefined;
	/** Instance loss by concept; undefined where the step had no image of it. */
	readonly conceptLosses: readonly (number | undefined)[];
	readonly gradientNorm: number;
}

/** A micro-batch that the device works on, and how its errors count. */
interface MicroBatch {
	readonly outputs: Record<string, DeviceTensor>;
	readonly kinds: readonly ('instance' | 'class' | 'filling')[];
	/** Of each row. */
	readonly concepts: readonly number[];
	readonly weights: Float32Array;
}

/** A step that the device is working on. */
export interface PendingStep {
	/** Waits for the device. */
	report(): StepReport;
}

/** Feeds the compiled training step: chooses the rows of each micro-batch and draws what is random about them. */
export class StepRunner {
	readonly #shape: StepShape;
	readonly #update: Compiled<Signature>;
	readonly #accumulate: Compiled<Signature> | undefined;
	readonly #trainsTextEncoder: boolean;
	/** Every distinct prompt with its tokens, or its text states when the text encoder is frozen. */
	readonly #prompts: ReadonlyMap<string, Int32Array | Float32Array>;

	constructor(
		private readonly model: StableDiffusion,
		private readonly state: TrainedState,
		private readonly set: TrainingSet,
		private readonly latents: Pick<Latents, 'side' | 'of'>,
		private readonly config: TrainingConfig,
		private readonly totalSteps: number,
		compileOptions: CompileOptions,
	) {
		const {batchSize, gradientAccumulation} = config;
		const trainTextEncoder = state.trainsTextEncoder;
		this.#trainsTextEncoder = trainTextEncoder;
		const texts = [...new Set([...set.instance, ...set.classImages].map(({prompt}) => prompt))];
		const rows = set.classImages.length > 0 ? 2 * batchSize : batchSize;
		const chunks = Math.max(...texts.map(text => model.chunks(text)));
		this.#shape = {rows, height: latents.side, width: latents.side, prompts: Math.min(rows, texts.length), chunks};
		this.#prompts = new Map(texts.map(text => [text, trainTextEncoder ? model.tokens(text, chunks) : model.encodePrompts([text], chunks)]));

		const stepModel: StepModel = {
			...model.folder,
			schedule: model.schedule,
			predictionType: model.folder.schedulerConfig.predictionType,
			scalingFactor: model.folder.vaeConfig.scalingFactor,
			clipSkip: config.clipSkip,
			unet: model.unet,
			textEncoder: model.textEncoder,
			adapters: model.adapters,
		};
		const made = (part: 'accumulate' | 'update') => {
			const options = {optimizer: state.optimizer, gradientClip: config.gradientClip, textEncoderGradientClip: config.textEncoderGradientClip, penalty: penaltyOf(config), trainTextEncoder, part, lanes: model.options.lanes};
			return compile<Signature>(`training_step_${part}`, trainingStep(stepModel, state.networks, this.#shape, options), stepSignature(this.#shape, stepModel, {trainTextEncoder}), compileOptions);
		};
		this.#update = made('update');
		this.#accumulate = gradientAccumulation > 1 ? made('accumulate') : undefined;
	}

	/** Starts the step after `done` steps and returns while the device works. */
	async start(done: number): Promise<PendingStep> {
		const {gradientAccumulation} = this.config;
		const parts: MicroBatch[] = [];
		for (let micro = 0; micro < gradientAccumulation; micro++) {
			const compiled = micro === gradientAccumulation - 1 ? this.#update : (this.#accumulate as Compiled<Signature>);
			const {kinds, concepts, ...inputs} = await this.#inputs(done, done * gradientAccumulation + micro);
			parts.push({outputs: compiled.run(inputs), kinds, concepts, weights: inputs.rowWeights});
		}
		this.state.afterStep(done);
		return {report: () => this.#report(done + 1, parts)};
	}

	dispose(): void {
		this.#update.dispose();
		this.#accumulate?.dispose();
	}

	async #inputs(done: number, micro: number) {
		const {seed, batchSize, gradientAccumulation, splitLoss, minSnrGamma, offsetNoise} = this.config;
		const {rows: count, prompts, height, width} = this.#shape;
		const rows = rowsOf(this.set, micro, this.config);
		// A concept without class images leaves places free: they are filled with images that count for nothing.
		const filled = Array.from({length: count}, (_, i) => rows[Math.min(i, rows.length - 1)]);
		const kinds = filled.map((row, i) => (i < rows.length ? row.kind : 'filling'));
		const timesteps = Int32Array.from(filled, ({draw}) => uniformInt(this.model.schedule.betas.length, {seed, stream: 'timestep', ...draw}));
		const weights = rowWeights(kinds.map((kind, i) => ({kind, timestep: timesteps[i]})), {
			priorWeight: priorWeightAt(epochOf(micro * batchSize, this.set), this.config),
			splitLoss,
			minSnrGamma,
			predictionType: this.model.folder.schedulerConfig.predictionType,
			schedule: this.model.schedule,
		});
		const channels = this.model.folder.unetConfig.inChannels;
		const area = height * width;
		const drawn = (stream: string) => inOneArray(filled.map(({draw}) => normals(area * channels, {seed, stream, ...draw})));
		const noise = drawn('noise');
		if (offsetNoise > 0) addOffsets(noise, offsetNoise, inOneArray(filled.map(({draw}) => normals(channels, {seed, stream: 'offset noise', ...draw}))), {area, channels});
		const texts = this.#prompts.size <= prompts ? [...this.#prompts.keys()] : filled.map(({image}) => image.prompt);
		const table = texts.map(text => this.#prompts.get(text) as Int32Array | Float32Array);
		return {
			moments: await this.latents.of(filled),
			epsilon: drawn('epsilon'),
			noise,
			timesteps,
			...(this.#trainsTextEncoder ? {tokens: Int32Array.from(table.flatMap(tokens => [...tokens]))} : {states: Float32Array.from(table.flatMap(states => [...states]))}),
			promptOfRow: Int32Array.from(filled, ({image}, i) => (this.#prompts.size <= prompts ? texts.indexOf(image.prompt) : i)),
			rowWeights: weights.map(weight => weight / gradientAccumulation),
			kinds,
			concepts: filled.map(({image}) => image.concept),
			...this.state.scalars(done, this.totalSteps),
		};
	}

	#report(step: number, parts: readonly MicroBatch[]): StepReport {
		const errors = parts.map(({outputs}) => outputs.errors.read());
		const [gradientNorm] = parts[parts.length - 1].outputs.gradientNorm.read();
		for (const tensor of parts.flatMap(({outputs}) => Object.values(outputs))) tensor.dispose();
		const rows = parts.flatMap(({kinds, concepts}, micro) => kinds.map((kind, i) => ({kind, concept: concepts[i], error: errors[micro][i]})));
		const instance = rows.filter(({kind}) => kind === 'instance');
		return {
			step,
			instanceLoss: mean(instance) ?? 0,
			priorLoss: mean(rows.filter(({kind}) => kind === 'class')),
			conceptLosses: this.config.concepts.map((_, concept) => mean(instance.filter(row => row.concept === concept))),
			loss: parts.reduce((total, {weights}, micro) => total + weights.reduce((sum, weight, i) => sum + weight * errors[micro][i], 0), 0),
			gradientNorm,
		};
	}
}

const penaltyOf = ({loss, huberThreshold}: TrainingConfig): Penalty => (loss === 'huber' ? {kind: 'huber', c: huberThreshold} : {kind: 'squared'});

/**
 * Offset noise (Guttenberg 2023, "Diffusion with offset noise"): ε + strength·η with one η per image and channel, so that the
 * network learns to change the brightness of a whole picture. noise [rows, area, channels] is changed; offsets [rows, channels].
 */
export function addOffsets(noise: Float32Array, strength: number, offsets: Float32Array, {area, channels}: {area: number; channels: number}): void {
	for (let i = 0; i < noise.length; i++) noise[i] += strength * offsets[Math.floor(i / (area * channels)) * channels + (i % channels)];
}

function inOneArray(parts: readonly Float32Array[]): Float32Array {
	const size = parts[0].length;
	const joined = new Float32Array(parts.length * size);
	parts.forEach((part, i) => joined.set(part, i * size));
	return joined;
}

const mean = (rows: readonly {readonly error: number}[]): number | undefined => (rows.length === 0 ? undefined : rows.reduce((sum, {error}) => sum + error, 0) / rows.length);
