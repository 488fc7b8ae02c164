import {keepsLatents, type TrainingConfig} from '../presets/index.ts';
import {Batches, epochOf, type MicroBatch, type TrainingSet} from './batches.ts';
import {noteCompiled, wasCompiled} from './compile-cache.ts';
import {compile, type Compiled, type CompileOptions, type DeviceTensor, type Signature} from './graph/index.ts';
import {inOneArray, type Latents} from './latents/index.ts';
import {priorWeightAt, rowWeights, type LossRow} from './loss.ts';
import {NoiseSource} from './noise.ts';
import {PromptCache} from './prompt-cache.ts';
import {uniformInt} from './random.ts';
import {loadRuntime} from './runtime/index.ts';
import type {NetworkName, StableDiffusion} from './stable-diffusion.ts';
import {functionKey, partOf, StepShapes, type StepPart} from './step-functions.ts';
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
	readonly lossScale?: LossScaleReport;
}

/** In f16. */
export interface LossScaleReport {
	/** What the loss is multiplied by from the next step on. */
	readonly scale: number;
	/** The gradients overflowed, and the step changed nothing but the scale. */
	readonly skipped: boolean;
	/** Updates before this step, which its learning rates follow. */
	readonly updatesBefore: number;
}

/** A row of what the device is given, with or without an image of its own. */
type Place = MicroBatch['rows'][number] & LossRow;

/** A micro-batch that the device works on, and how its errors count. */
interface Started {
	readonly outputs: Record<string, DeviceTensor>;
	readonly places: readonly Place[];
	readonly weights: Float32Array;
}

/** What is known of a micro-batch before its step: the rows, and what is drawn for them. */
interface Prepared {
	readonly batch: MicroBatch;
	readonly places: readonly Place[];
	/** [rows, height, width, channels] each. */
	readonly noise: Float32Array;
	readonly epsilon: Float32Array;
	/** Of the step: prompts draw anew in each. */
	readonly done: number;
}

/** A step that the device is working on. */
export interface PendingStep {
	/** Waits for the device. */
	report(): StepReport;
}

/** Which functions are compiled, and who hears of it. Functions are named by their `functionKey`. */
export interface CompileWatch {
	/** Functions that are used too rarely to be compiled: they run as plain graphs. */
	readonly plain: ReadonlySet<string>;
	/** Awaited before XLA compiles a function, in the midst of its first call; `known`: it has done so before on this machine. */
	compiling(key: string, known: boolean): Promise<void>;
	/** After its first call. */
	compiled(key: string, seconds: number): void;
}

const nobody: CompileWatch = {plain: new Set(), compiling: async () => undefined, compiled: () => undefined};

/** Feeds the compiled training step: chooses the rows of each micro-batch and draws what is random about them. */
export class StepRunner {
	readonly #batches: Batches;
	readonly #stepModel: StepModel;
	/** The training step for each shape of micro-batches that there has been. */
	readonly #functions = new Map<string, Compiled<Signature>>();
	/** Those that XLA has compiled, by their key. */
	readonly #called = new Set<string>();
	readonly #trainsTextEncoder: boolean;
	readonly #adapterDropout: number;
	readonly #shapes: StepShapes;
	readonly #prompts: PromptCache;
	readonly #noise = new NoiseSource();
	#unused: readonly NetworkName[] | undefined;
	/** The step that comes next, by its number. */
	#next: {readonly done: number; readonly prepared: Promise<readonly Prepared[]>} | undefined;

	/** Traces what the run's first step needs; other shapes are compiled when they come up. */
	constructor(
		private readonly model: StableDiffusion,
		private readonly state: TrainedState,
		private readonly set: TrainingSet,
		private readonly latents: Pick<Latents, 'of'>,
		private readonly config: TrainingConfig,
		private readonly totalSteps: number,
		private readonly compileOptions: CompileOptions,
		private readonly watch: CompileWatch = nobody,
	) {
		this.#batches = new Batches(set, config);
		this.#trainsTextEncoder = state.trainsTextEncoder;
		this.#adapterDropout = config.training === 'lora' ? config.loraDropout : 0;
		this.#shapes = new StepShapes(set, config, model);
		this.#prompts = new PromptCache(model, {trainsTextEncoder: this.#trainsTextEncoder, chunks: this.#shapes.chunks});
		this.#stepModel = {
			...model.folder,
			schedule: model.schedule,
			predictionType: model.folder.schedulerConfig.predictionType,
			scalingFactor: model.folder.vaeConfig.scalingFactor,
			clipSkip: config.clipSkip,
			unet: model.unet,
			textEncoder: model.textEncoder,
			adapters: model.adapters,
		};
		// The step is compiled, and its kernels are tried, in memory that it will have.
		this.#restUnused();
		this.#batches.ofStep(0).forEach((batch, i, {length}) => this.#function(this.#shapes.of(batch), partOf(i, length)));
	}

	/** Starts the step after `done` steps and returns while the device works. */
	async start(done: number): Promise<PendingStep> {
		const batches = await (this.#next?.done === done ? this.#next.prepared : this.#prepare(done));
		// Over the whole step, so that it does not matter how it is cut.
		const weights = this.#weightsOf(batches.flatMap(({places}) => places), done);
		const parts: Started[] = [];
		for (const [i, prepared] of batches.entries()) {
			const {batch, places} = prepared;
			const own = weights.splice(0, batch.places);
			const inputs = {...(await this.#inputs(prepared)), rowWeights: Float32Array.from(own), ...this.state.scalars(done, this.totalSteps)};
			this.#restUnused();
			parts.push({outputs: await this.#call(this.#shapes.of(batch), partOf(i, batches.length), inputs), places, weights: inputs.rowWeights});
			if ('id' in inputs.moments) inputs.moments.dispose();
		}
		// While the device works.
		if (done + 1 < this.totalSteps) {
			this.#next = {done: done + 1, prepared: this.#prepare(done + 1)};
			// Told where it is awaited.
			this.#next.prepared.catch(() => undefined);
		}
		const started = this.state.afterStep(done);
		return {report: () => this.#report(done + 1, started, parts)};
	}

	dispose(): void {
		for (const compiled of this.#functions.values()) compiled.dispose();
		this.#noise.close();
	}

	#restUnused(): void {
		this.model.rest((this.#unused ??= this.#networksNotUsed()));
	}

	/**
	 * Networks that no step needs, as their results are kept. On a GPU they leave it: 0.4 GiB of SD 1.5 in halves. In the memory that programs
	 * run in there would be nothing to gain.
	 */
	#networksNotUsed(): NetworkName[] {
		if (loadRuntime().device !== 'gpu') return [];
		const {allTexts = []} = this.#shapes;
		return [
			...(keepsLatents(this.config) ? ['vae' as const] : []),
			...(!this.config.trainTextEncoder && this.#prompts.holdAll(allTexts) ? ['textEncoder' as const] : []),
		];
	}

	/** Says so when XLA has to compile the function first. */
	async #call(shape: StepShape, part: StepPart, inputs: Parameters<Compiled<Signature>['run']>[0]): Promise<Record<string, DeviceTensor>> {
		const key = functionKey(part, shape, this.#trainsTextEncoder);
		const compiled = this.#function(shape, part);
		if (this.compileOptions.mode !== 'xla' || this.watch.plain.has(key) || this.#called.has(key)) return compiled.run(inputs);
		this.#called.add(key);
		await this.watch.compiling(key, wasCompiled(compiled.name));
		loadRuntime().returnUnusedMemory();
		const begin = performance.now();
		const outputs = compiled.run(inputs);
		noteCompiled(compiled.name);
		this.watch.compiled(key, (performance.now() - begin) / 1000);
		return outputs;
	}

	#function(shape: StepShape, part: StepPart): Compiled<Signature> {
		const key = functionKey(part, shape, this.#trainsTextEncoder);
		const found = this.#functions.get(key);
		if (found) return found;
		const {gradientClip, textEncoderGradientClip} = this.config;
		const options = {optimizer: this.state.optimizer, gradientClip, textEncoderGradientClip, penalty: penaltyOf(this.config), trainTextEncoder: this.#trainsTextEncoder, part, lanes: this.model.options.lanes, lossScale: this.state.lossScale, adapterDropout: this.#adapterDropout};
		const compiled = compile<Signature>(`training_step_${part}`, trainingStep(this.#stepModel, this.state.networks, shape, options), stepSignature(shape, this.#stepModel, options), this.watch.plain.has(key) ? {...this.compileOptions, mode: 'graph'} : {...this.compileOptions, notFused: this.model.notFused(shape, this.compileOptions)});
		this.#functions.set(key, compiled);
		return compiled;
	}

	/** The rows of a micro-batch. Places that are left free are filled with an image that counts for nothing. */
	#placesOf({rows, places}: MicroBatch): Place[] {
		const timesteps = this.model.schedule.betas.length;
		return Array.from({length: places}, (_, i) => {
			const row = rows[Math.min(i, rows.length - 1)];
			return {...row, kind: i < rows.length ? row.kind : 'filling', timestep: uniformInt(timesteps, {seed: this.config.seed, stream: 'timestep', ...row.draw})} as Place;
		});
	}

	#weightsOf(places: readonly Place[], done: number): number[] {
		const {batchSize, gradientAccumulation, splitLoss, minSnrGamma} = this.config;
		return [...rowWeights(places, {
			priorWeight: priorWeightAt(epochOf(done * batchSize * gradientAccumulation, this.set), this.config),
			splitLoss,
			minSnrGamma,
			predictionType: this.model.folder.schedulerConfig.predictionType,
			schedule: this.model.schedule,
		})];
	}

	/** Rows and noise of the step after `done` steps. */
	async #prepare(done: number): Promise<Prepared[]> {
		const {seed, offsetNoise} = this.config;
		const channels = this.model.folder.unetConfig.inChannels;
		return Promise.all(this.#batches.ofStep(done).map(async batch => {
			const {height, width} = this.#shapes.of(batch);
			const area = height * width;
			const places = this.#placesOf(batch);
			const drawn = async (stream: string, count: number) => this.#noise.draw({count, keys: places.map(({draw}) => ({seed, stream, ...draw}))});
			const [noise, epsilon] = await Promise.all([drawn('noise', area * channels), drawn('epsilon', area * channels)]);
			if (offsetNoise > 0) addOffsets(noise, offsetNoise, await drawn('offset noise', channels), {area, channels});
			return {batch, places, noise, epsilon, done};
		}));
	}

	async #inputs({places, noise, epsilon, done}: Prepared) {
		const texts = this.#shapes.texts(places.length) ?? places.map(({prompt}) => prompt);
		const table = texts.map(text => this.#prompts.of(text));
		const placeOf = new Map<string, number>();
		for (const [place, text] of texts.entries()) if (!placeOf.has(text)) placeOf.set(text, place);
		return {
			moments: await this.latents.of(places),
			epsilon,
			noise,
			timesteps: Int32Array.from(places, ({timestep}) => timestep),
			...(this.#trainsTextEncoder ? {tokens: inOneArray(table as Int32Array[])} : {states: inOneArray(table as Float32Array[])}),
			...this.#dropoutKeys(places, texts, done),
			promptOfRow: Int32Array.from(places, ({prompt}) => placeOf.get(prompt) as number),
		};
	}

	/**
	 * What decides which values adapters are not given. An image has its own, however images are cut into batches; a prompt has one for the step, in
	 * which rows may share it.
	 */
	#dropoutKeys(places: readonly Place[], texts: readonly string[], done: number) {
		if (this.#adapterDropout === 0) return {};
		const {seed} = this.config;
		const key = (what: string, draw: {readonly step: number; readonly index: number}) => uniformInt(2 ** 32, {seed, stream: `adapter dropout${what}`, ...draw}) | 0;
		return {
			dropoutKeys: Int32Array.from(places, ({draw}) => key('', draw)),
			...(this.#trainsTextEncoder && {textDropoutKeys: Int32Array.from(texts.flatMap(text => Array.from({length: this.#shapes.chunks}, (_, index) => key(` of ${text}`, {step: done, index}))))}),
		};
	}

	#report(step: number, started: number, parts: readonly Started[]): StepReport {
		const errors = parts.map(({outputs}) => outputs.errors.read());
		const {outputs: last} = parts[parts.length - 1];
		const [gradientNorm] = last.gradientNorm.read();
		const lossScale = this.state.lossScale && this.#lossScaleReport(started, last);
		for (const tensor of parts.flatMap(({outputs}) => Object.values(outputs))) tensor.dispose();
		const rows = parts.flatMap(({places}, micro) => places.map(({kind, image: {concept}}, i) => ({kind, concept, error: errors[micro][i]})));
		const instance = rows.filter(({kind}) => kind === 'instance');
		return {
			step,
			instanceLoss: mean(instance) ?? 0,
			priorLoss: mean(rows.filter(({kind}) => kind === 'class')),
			conceptLosses: this.config.concepts.map((_, concept) => mean(instance.filter(row => row.concept === concept))),
			loss: parts.reduce((total, {weights}, micro) => total + weights.reduce((sum, weight, i) => sum + weight * errors[micro][i], 0), 0),
			gradientNorm,
			...(lossScale && {lossScale}),
		};
	}

	#lossScaleReport(started: number, outputs: Started['outputs']): LossScaleReport {
		const [[scale], [updates], [skipped]] = [outputs.lossScale.read(), outputs.updates.read(), outputs.skipped.read()];
		this.state.lossScale?.learn(started, updates);
		return {scale, skipped: skipped === 1, updatesBefore: updates - (1 - skipped)};
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

const mean = (rows: readonly {readonly error: number}[]): number | undefined => (rows.length === 0 ? undefined : rows.reduce((sum, {error}) => sum + error, 0) / rows.length);
