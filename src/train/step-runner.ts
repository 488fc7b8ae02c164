import type {TrainingConfig} from '../presets/index.ts';
import {rowsOf, type Row, type TrainingSet} from './batches.ts';
import {compile, type Compiled, type CompileOptions, type DeviceTensor, type Signature} from './graph/index.ts';
import type {Latents} from './latents.ts';
import {normals, uniformInt} from './random.ts';
import type {StableDiffusion} from './stable-diffusion.ts';
import {stepSignature, trainingStep, type StepModel, type StepShape} from './step.ts';
import type {TrainedState} from './trained-state.ts';

/** What a finished optimizer step has to say. Losses are means over its micro-batches. */
export interface StepReport {
	/** Steps done, this one included. */
	readonly step: number;
	readonly loss: number;
	readonly instanceLoss: number;
	readonly priorLoss: number | undefined;
	readonly gradientNorm: number;
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
		const {batchSize, trainTextEncoder, gradientAccumulation} = config;
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
		};
		const made = (part: 'accumulate' | 'update') => {
			const options = {optimizer: state.optimizer, gradientClip: config.gradientClip, trainTextEncoder, part, lanes: model.options.lanes};
			return compile<Signature>(`training_step_${part}`, trainingStep(stepModel, state.networks, this.#shape, options), stepSignature(this.#shape, stepModel, {trainTextEncoder}), compileOptions);
		};
		this.#update = made('update');
		this.#accumulate = gradientAccumulation > 1 ? made('accumulate') : undefined;
	}

	/** Starts the step after `done` steps and returns while the device works. */
	async start(done: number): Promise<PendingStep> {
		const {gradientAccumulation} = this.config;
		const outputs: Record<string, DeviceTensor>[] = [];
		for (let micro = 0; micro < gradientAccumulation; micro++) {
			const compiled = micro === gradientAccumulation - 1 ? this.#update : (this.#accumulate as Compiled<Signature>);
			outputs.push(compiled.run(await this.#inputs(done, done * gradientAccumulation + micro)));
		}
		return {report: () => this.#report(done + 1, outputs)};
	}

	async #inputs(done: number, micro: number) {
		const {batchSize, seed, gradientAccumulation, priorLossWeight, trainTextEncoder} = this.config;
		const {rows: count, prompts, height, width} = this.#shape;
		const rows = rowsOf(this.set, micro, this.config);
		const shares = sharesOf(rows, count);
		// A concept without class images leaves places free: they are filled with images that count for nothing.
		const filled = Array.from({length: count}, (_, i) => rows[Math.min(i, rows.length - 1)]);
		const channels = this.model.folder.unetConfig.inChannels;
		const drawn = (stream: string) => {
			const size = height * width * channels;
			const values = new Float32Array(count * size);
			for (let i = 0; i < count; i++) values.set(normals(size, {seed, stream, step: micro, index: i}), i * size);
			return values;
		};
		const texts = this.#prompts.size <= prompts ? [...this.#prompts.keys()] : filled.map(({image}) => image.prompt);
		const table = texts.map(text => this.#prompts.get(text) as Int32Array | Float32Array);
		return {
			moments: await this.latents.of(filled),
			epsilon: drawn('epsilon'),
			noise: drawn('noise'),
			timesteps: Int32Array.from({length: count}, (_, i) => uniformInt(this.model.schedule.betas.length, {seed, stream: 'timestep', step: micro, index: i})),
			...(trainTextEncoder ? {tokens: Int32Array.from(table.flatMap(tokens => [...tokens]))} : {states: Float32Array.from(table.flatMap(states => [...states]))}),
			promptOfRow: Int32Array.from(filled, ({image}, i) => (this.#prompts.size <= prompts ? texts.indexOf(image.prompt) : i)),
			shares,
			lossWeights: Float32Array.of(1 / gradientAccumulation, (rows.length > batchSize ? priorLossWeight : 0) / gradientAccumulation),
			...this.state.scalars(done, this.totalSteps),
		};
	}

	#report(step: number, outputs: readonly Record<string, DeviceTensor>[]): StepReport {
		const losses = outputs.map(({losses}) => losses.read());
		const [gradientNorm] = outputs[outputs.length - 1].gradientNorm.read();
		for (const tensor of outputs.flatMap(each => Object.values(each))) tensor.dispose();
		const mean = (index: number) => losses.reduce((sum, each) => sum + each[index], 0) / losses.length;
		const prior = this.set.classImages.length > 0;
		const [instanceLoss, priorLoss] = [mean(0), mean(1)];
		return {step, instanceLoss, priorLoss: prior ? priorLoss : undefined, loss: instanceLoss + (prior ? this.config.priorLossWeight * priorLoss : 0), gradientNorm};
	}
}

/** Each loss is the mean over its rows: [instance, prior] · rows. */
export function sharesOf(rows: readonly Row[], count: number): Float32Array {
	const shares = new Float32Array(2 * count);
	for (const [offset, kind] of [[0, 'instance'], [count, 'class']] as const) {
		const own = rows.filter(row => row.kind === kind).length;
		rows.forEach((row, i) => row.kind === kind && (shares[offset + i] = 1 / own));
	}
	return shares;
}
