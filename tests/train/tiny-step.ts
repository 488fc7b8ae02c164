import {compile, type Compiled, type CompileOptions, type Signature} from '../../src/train/graph/index.ts';
import {noiseSchedule} from '../../src/train/diffusion/index.ts';
import type {Declaration} from '../../src/train/nn/index.ts';
import {LossScale} from '../../src/train/loss-scale.ts';
import {adamw} from '../../src/train/optim/index.ts';
import {OptimizerState} from '../../src/train/optimizer-state.ts';
import {Parameters, type ParameterSet, type ParameterSource} from '../../src/train/parameters.ts';
import {normals, uniformInt} from '../../src/train/random.ts';
import {declareNetworks} from '../../src/train/stable-diffusion.ts';
import {stepSignature, trainingStep, type StepModel, type StepOptions, type TrainedNetwork} from '../../src/train/step.ts';
import {parseSchedulerConfig, parseTextEncoderConfig, parseUNetConfig, parseVaeConfig} from '../../src/train/weights/index.ts';

/** Two levels; the coarse one is wide enough that its convolutions have variables of their own, the others share one. */
const configs = {
	unetConfig: parseUNetConfig({
		block_out_channels: [32, 172],
		layers_per_block: 1,
		norm_num_groups: 4,
		attention_head_dim: 2,
		cross_attention_dim: 8,
		down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'],
		up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'],
	}),
	textEncoderConfig: parseTextEncoderConfig({vocab_size: 20, hidden_size: 8, intermediate_size: 16, num_hidden_layers: 1, num_attention_heads: 2, hidden_act: 'quick_gelu', eos_token_id: 2}),
	vaeConfig: parseVaeConfig({block_out_channels: [4, 4], down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D'], up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D'], norm_num_groups: 2}),
};
const schedule = noiseSchedule(parseSchedulerConfig({num_train_timesteps: 1000, beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear'}));
const declared = declareNetworks(configs);
const [side, channels, prompts] = [4, 4, 2];

export interface TinyOptions extends Partial<Pick<StepOptions, 'part' | 'lanes' | 'gradientClip' | 'penalty'>> {
	/** Rows of the micro-batches. */
	readonly rows?: number;
	/** Whether gradients can be added up over micro-batches. */
	readonly accumulating?: boolean;
	/** With a loss scale that grows after so many good steps. */
	readonly growthInterval?: number;
	readonly compile?: Partial<CompileOptions>;
}

/** Rows `begin` … `begin + rows − 1` of an endless batch of random images. */
export interface Micro {
	readonly begin?: number;
	/** What a row's error counts for; default 1/rows. */
	readonly weight?: number;
	/** 0: the step changes no parameter. */
	readonly learningRate?: number;
}

/** What a step without one does not have. */
const noLossScale = {lossScale: Float32Array.of(NaN), updates: Float32Array.of(NaN), skipped: Float32Array.of(0)};

/** The networks of a tiny model with random weights and everything training keeps of them, shared by several steps. */
export class TinyModel {
	readonly lossScale = new LossScale();

	private constructor(readonly networks: readonly TrainedNetwork[], readonly model: StepModel, private readonly start: ParameterSource) {}

	static async create(): Promise<TinyModel> {
		const random = new Map([...declared.unet, ...declared.textEncoder].map(declaration => [declaration.name, randomValues(declaration)]));
		const start = {readFloat32: (name: string) => random.get(name) as Float32Array};
		const [unet, textEncoder] = [await Parameters.load('unet', declared.unet, start), await Parameters.load('text_encoder', declared.textEncoder, start)];
		const trained = (parameters: Parameters, group: 0 | 1): TrainedNetwork => ({parameters, group, optimizerState: new OptimizerState(parameters, optimizer), ema: parameters.copy('ema'), accumulator: parameters.zeros('gradient')});
		return new TinyModel([trained(unet, 0), trained(textEncoder, 1)], {...configs, clipSkip: 1, schedule, predictionType: 'epsilon', scalingFactor: 0.2, unet, textEncoder}, start);
	}

	/** Compiles a training step on these networks. */
	step({part = 'update', lanes = 1, gradientClip = 0, penalty, rows = 4, accumulating = false, growthInterval, compile: options}: TinyOptions = {}): TinyStep {
		const shape = {rows, height: side, width: side, prompts, chunks: 1};
		const networks = accumulating ? this.networks : this.networks.map(network => ({...network, accumulator: undefined}));
		const lossScale = growthInterval === undefined ? undefined : {variables: this.lossScale.variables, growthInterval};
		const stepOptions = {optimizer, gradientClip, penalty, trainTextEncoder: true, part, lanes, lossScale};
		const compiled = compile<Signature>(`tiny_${part}`, trainingStep(this.model, networks, shape, stepOptions), stepSignature(shape, this.model, stepOptions), {mode: 'graph', ...options});
		return new TinyStep(compiled, rows, lossScale && this.lossScale);
	}

	/** The random weights again, and nothing learned or added up. */
	async restart(): Promise<void> {
		for (const {parameters, optimizerState, ema, accumulator} of this.networks) {
			const zero = {readFloat32: async (name: string) => new Float32Array((await this.start.readFloat32(name)).length)};
			for (const set of [parameters, ema]) await set?.restore(this.start);
			await optimizerState.restore({readFloat32: name => zero.readFloat32(name.replace(/^[mv]\//, ''))});
			await accumulator?.restore(zero);
		}
		await this.setLossScale();
	}

	/** As before the first step, but for the scale. */
	async setLossScale(scale = 65_536): Promise<void> {
		const values: Readonly<Record<string, number>> = {scale, good_steps: 0, updates: 0};
		await this.lossScale.restore({readFloat32: name => Float32Array.of(values[name])});
	}

	/** Moves every parameter by `by` along `direction`, which is as long as all of them together. */
	async move(by: number, direction: Float32Array): Promise<void> {
		let at = 0;
		for (const {parameters} of this.networks) {
			const moved = new Map(parameters.stored().map(({name, read}) => [name, read().map(value => value + by * direction[at++])]));
			await parameters.restore({readFloat32: name => moved.get(name) as Float32Array});
		}
	}

	/** All parameters, or all of another set of the same shapes, one after another. */
	values(of: (network: TrainedNetwork) => Pick<ParameterSet, 'stored'> | undefined = ({parameters}) => parameters): Float32Array {
		const parts = this.networks.flatMap(network => of(network)?.stored() ?? []).map(({read}) => read());
		const whole = new Float32Array(parts.reduce((size, {length}) => size + length, 0));
		let at = 0;
		for (const part of parts) {
			whole.set(part, at);
			at += part.length;
		}
		return whole;
	}

	/** The gradient that the first step since `restart` gave to AdamW: its first moments are (1 − β₁) times that. */
	firstGradient(): Float32Array {
		return this.values(({parameters, optimizerState}) => {
			const moments = new Map(optimizerState.stored().map(tensor => [tensor.name, tensor]));
			return {stored: () => parameters.names.map(name => moments.get(`m/${name}`)!)};
		}).map(value => value / (1 - BETA1));
	}

	dispose(): void {
		for (const {parameters, optimizerState, ema, accumulator} of this.networks) for (const set of [parameters, optimizerState, ema, accumulator]) set?.dispose();
		this.lossScale.dispose();
	}
}

const BETA1 = 0.9;
/** With this epsilon an update is nearly proportional to the gradient: rounding of tiny gradients does not become whole steps. */
const optimizer = adamw({beta1: BETA1, beta2: 0.999, epsilon: 1});

export interface TinyResult {
	/** Of each row. */
	readonly errors: Float32Array;
	readonly gradientNorm: number;
	/** Σ weight·error. */
	readonly loss: number;
	/** After the step; NaN without a loss scale. */
	readonly lossScale: number;
	readonly skipped: boolean;
}

export class TinyStep {
	#done = 0;

	constructor(private readonly compiled: Compiled<Signature>, readonly rows: number, private readonly lossScale?: LossScale) {}

	run({begin = 0, weight = 1 / this.rows, learningRate = 0.1}: Micro = {}): TinyResult {
		const each = (stream: string, size: number) => joined(Array.from({length: this.rows}, (_, i) => normals(size, {seed: 3, stream, index: begin + i})));
		const before = this.lossScale?.candidates() ?? [this.#done++];
		const cases = before.map(updates => optimizer.scalars({learningRate, step: updates + 1, weightDecay: 0.01}));
		const outputs: Record<string, Float32Array> = this.compiled.call({
			moments: each('moments', side * side * 2 * channels),
			epsilon: each('epsilon', side * side * channels),
			noise: each('noise', side * side * channels),
			timesteps: Int32Array.from({length: this.rows}, (_, i) => uniformInt(1000, {seed: 3, stream: 'timestep', index: begin + i})),
			tokens: Int32Array.from({length: prompts * 77}, (_, i) => uniformInt(20, {seed: 3, stream: 'token', index: i})),
			promptOfRow: Int32Array.from({length: this.rows}, (_, i) => (begin + i) % prompts),
			rowWeights: new Float32Array(this.rows).fill(weight),
			stepSizes: Float32Array.from(cases.flatMap(({stepSize}) => [stepSize, stepSize])),
			decays: Float32Array.from(cases.flatMap(({decay}) => [decay, decay])),
			optimizerExtra: Float32Array.from(cases, ({extra}) => extra),
			emaRate: Float32Array.from(cases, () => 0.5),
			updatesBefore: Float32Array.of(before[0]),
		});
		const {errors, gradientNorm: [gradientNorm], lossScale: [lossScale], updates: [updates], skipped: [skipped]} = {...noLossScale, ...outputs} as Record<keyof typeof noLossScale | 'errors' | 'gradientNorm', Float32Array>;
		// An `accumulate` step says nothing of it.
		if (updates >= 0) this.lossScale?.learn(this.lossScale.started(), updates);
		return {errors, gradientNorm, lossScale, skipped: skipped === 1, loss: errors.reduce((sum, error) => sum + weight * error, 0)};
	}

	dispose(): void {
		this.compiled.dispose();
	}
}

/** As wide as a trained network's: weights that keep the size of their input, norms near 1, small biases. */
function randomValues({name, shape}: Declaration): Float32Array {
	const values = normals(shape.reduce((a, b) => a * b, 1), {seed: 3, stream: name});
	if (name.endsWith('bias')) return values.map(value => 0.1 * value);
	if (shape.length === 1) return values.map(value => 1 + 0.1 * value);
	const inputs = shape.slice(1).reduce((a, b) => a * b, 1);
	return values.map(value => value / Math.sqrt(inputs));
}

function joined(parts: readonly Float32Array[]): Float32Array {
	const [{length}] = parts;
	const whole = new Float32Array(parts.length * length);
	parts.forEach((part, i) => whole.set(part, i * length));
	return whole;
}
