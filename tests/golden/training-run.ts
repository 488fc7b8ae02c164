import path from 'node:path';
import {noiseSchedule, type NoiseSchedule} from '../../src/train/diffusion/index.ts';
import {compile, readVariable, type Compiled, type Signature} from '../../src/train/graph/index.ts';
import {LossScale} from '../../src/train/loss-scale.ts';
import {rowWeights, type LossRow} from '../../src/train/loss.ts';
import {encodeImage, encodeText} from '../../src/train/models/index.ts';
import {adamw, emaDecay, type EmaRule, type Optimizer} from '../../src/train/optim/index.ts';
import {OptimizerState} from '../../src/train/optimizer-state.ts';
import type {Parameters, ParameterSet} from '../../src/train/parameters.ts';
import {declareNetworks} from '../../src/train/stable-diffusion.ts';
import {addOffsets} from '../../src/train/step-runner.ts';
import {stepSignature, trainingStep, type StepModel, type TrainedNetwork} from '../../src/train/step.ts';
import {openSafetensors, parseSchedulerConfig, parseTextEncoderConfig, parseUNetConfig, parseVaeConfig, type SafetensorsFile, type TextEncoderConfig, type UNetConfig, type VaeConfig} from '../../src/train/weights/index.ts';
import type {Arithmetic} from './arithmetic.ts';
import {channelsLast, evaluate, loadNetwork, readImage, readJson, type Values} from './network.ts';

/** The options of a variant, as its JSON has them; null: off. */
export interface VariantOptions {
	readonly prior_loss_weight: number | null;
	readonly min_snr_gamma: number | null;
	readonly offset_noise: number | null;
	readonly prediction_type: 'epsilon' | 'v_prediction';
	readonly train_text_encoder: boolean;
	readonly gradient_accumulation_steps: number;
	readonly max_grad_norm: number | null;
	readonly noise_multiplied_per_step_by: readonly number[] | null;
}

interface OptimizerJson {
	readonly lr: number;
	readonly betas: readonly [number, number];
	readonly eps: number;
	readonly weight_decay: number;
}

/** What all variants start from. */
export interface TrainingData {
	readonly arithmetic: Arithmetic;
	/** Images of each kind in a micro-batch. */
	readonly batch: number;
	readonly optimizer: OptimizerJson;
	readonly schedule: NoiseSchedule;
	readonly folders: {readonly unet: string; readonly textEncoder: string};
	readonly configs: {readonly unetConfig: UNetConfig; readonly textEncoderConfig: TextEncoderConfig; readonly vaeConfig: VaeConfig};
	/** Of the instance images, then the class images: [2·batch, height, width, 2·channels]. */
	readonly moments: Values;
	/** [2·batch, 77]. */
	readonly tokens: Values<Int32Array>;
	readonly states: Values;
	/** The random numbers of every micro-batch, each [2·batch, …] with channels last. */
	readonly draws: readonly {readonly epsilon: Values; readonly noise: Values; readonly offset: Values; readonly timesteps: Int32Array}[];
}

export async function readTrainingData(fixtures: string, arithmetic: Arithmetic): Promise<TrainingData> {
	const folder = path.join(fixtures, 'training');
	const folders = {unet: path.join(fixtures, 'unet-sd1'), textEncoder: path.join(fixtures, 'clip-quick-gelu'), vae: path.join(fixtures, 'vae')};
	const configs = {
		unetConfig: parseUNetConfig(await readJson(folders.unet, 'config.json')),
		textEncoderConfig: parseTextEncoderConfig(await readJson(folders.textEncoder, 'config.json')),
		vaeConfig: parseVaeConfig(await readJson(folders.vae, 'config.json')),
	};
	const {batch, optimizer} = await readJson<{batch: number; optimizer: OptimizerJson}>(folder, 'data.json');
	const {config: schedule} = await readJson<{config: object}>(path.join(fixtures, 'schedulers'), 'noise-schedule.json');
	const declared = declareNetworks(configs);
	const file = await openSafetensors(path.join(folder, 'data.safetensors'));

	const images = stacked(await readImage(file, 'instance_images'), await readImage(file, 'class_images'));
	const {parameters: vae} = await loadNetwork(folders.vae, 'vae', declared.vae);
	const {moments} = evaluate(vae, {images}, (p, {images}) => ({moments: encodeImage(configs.vaeConfig)(p, images)}), arithmetic);
	vae.dispose();

	const ids = async (name: string) => ({shape: file.get(name).shape, values: await file.readInt32(name)});
	const tokens = stacked(await ids('instance_ids'), await ids('class_ids'));
	const {parameters: textEncoder} = await loadNetwork(folders.textEncoder, 'textEncoder', declared.textEncoder);
	const {states} = evaluate(textEncoder, {tokens}, (p, {tokens}) => ({states: encodeText(configs.textEncoderConfig, {clipSkip: 1})(p, tokens)}), arithmetic);
	textEncoder.dispose();

	const [latents, offsets] = [(await microBatches(file, 'noise')), await microBatches(file, 'offset')];
	const epsilons = await microBatches(file, 'epsilon');
	const timesteps = await file.readInt32('timesteps');
	const [, height, width] = latents[0].shape;
	await file.close();
	return {
		arithmetic,
		batch,
		optimizer,
		schedule: noiseSchedule(parseSchedulerConfig(schedule)),
		folders,
		configs,
		moments: {shape: [2 * batch, height, width, 2 * configs.vaeConfig.latentChannels], values: moments},
		tokens,
		states: {shape: [2 * batch, 77, configs.textEncoderConfig.hiddenSize], values: states},
		draws: latents.map((noise, k) => ({epsilon: epsilons[k], noise, offset: offsets[k], timesteps: timesteps.slice(k * 2 * batch, (k + 1) * 2 * batch)})),
	};
}

/** [micro-batches, rows, channels, height, width] -> one [rows, height, width, channels] each. */
async function microBatches(file: SafetensorsFile, name: string): Promise<Values[]> {
	const [count, ...shape] = file.get(name).shape;
	const values = await file.readFloat32(name);
	const size = values.length / count;
	return Array.from({length: count}, (_, k) => channelsLast({shape, values: values.slice(k * size, (k + 1) * size)}));
}

const stacked = <T extends Float32Array | Int32Array>(a: Values<T>, b: Values<T>): Values<T> => {
	const values = (a.values instanceof Int32Array ? Int32Array : Float32Array).from([...a.values, ...b.values]);
	return {shape: [a.shape[0] + b.shape[0], ...a.shape.slice(1)], values: values as T};
};

/** The first rows of a tensor. */
export const firstRows = <T extends Float32Array | Int32Array>({shape: [all, ...inner], values}: Values<T>, rows: number): Values<T> =>
	({shape: [rows, ...inner], values: values.slice(0, (values.length / all) * rows) as T});

/** Losses of an optimizer step or of a micro-batch. */
export interface Losses {
	readonly loss: number;
	readonly instance_loss: number;
	readonly prior_loss?: number;
}

export interface StepResult extends Losses {
	readonly grad_norm: number;
	readonly micro_batches: readonly Losses[];
}

/** A variant's training run, made of the product's compiled step, its AdamW and its weighing of rows. */
export class VariantRun {
	readonly rows: number;
	#done = 0;
	readonly #update: Compiled<Signature>;
	readonly #accumulate: Compiled<Signature> | undefined;
	/** In f16, as in the product. */
	readonly #lossScale: LossScale | undefined;

	private constructor(
		private readonly training: TrainingData,
		private readonly options: VariantOptions,
		readonly model: StepModel,
		private readonly networks: readonly TrainedNetwork[],
		private readonly optimizer: Optimizer,
		/** Values before training by their names in the fixtures. */
		readonly start: ReadonlyMap<string, Float32Array>,
	) {
		const {prior_loss_weight, train_text_encoder: trainTextEncoder, gradient_accumulation_steps: accumulation, max_grad_norm} = options;
		this.rows = prior_loss_weight === null ? training.batch : 2 * training.batch;
		const [, height, width] = training.moments.shape;
		const shape = {rows: this.rows, height, width, prompts: this.rows, chunks: 1};
		const lossScale = training.arithmetic.precision === 'f16' ? new LossScale() : undefined;
		this.#lossScale = lossScale;
		const made = (part: 'accumulate' | 'update') =>
			compile<Signature>('golden_training', trainingStep(model, networks, shape, {optimizer, gradientClip: max_grad_norm ?? 0, trainTextEncoder, part, lossScale}), stepSignature(shape, model, {trainTextEncoder, lossScale}), training.arithmetic);
		this.#update = made('update');
		this.#accumulate = accumulation > 1 ? made('accumulate') : undefined;
	}

	static async open(training: TrainingData, options: VariantOptions, {ema}: {ema: boolean}): Promise<VariantRun> {
		const {configs, folders} = training;
		const declared = declareNetworks(configs);
		const [unet, textEncoder] = [
			(await loadNetwork(folders.unet, 'unet', declared.unet)).parameters,
			(await loadNetwork(folders.textEncoder, 'textEncoder', declared.textEncoder)).parameters,
		];
		const {betas: [beta1, beta2], eps} = training.optimizer;
		const optimizer = adamw({beta1, beta2, epsilon: eps});
		const trained = (parameters: Parameters, group: 0 | 1): TrainedNetwork => ({
			parameters,
			group,
			optimizerState: new OptimizerState(parameters, optimizer),
			ema: ema && group === 0 ? parameters.copy('ema') : undefined,
			accumulator: options.gradient_accumulation_steps > 1 ? parameters.zeros('gradient') : undefined,
		});
		const networks = [trained(unet, 0), ...(options.train_text_encoder ? [trained(textEncoder, 1)] : [])];
		const model: StepModel = {...configs, clipSkip: 1, schedule: training.schedule, predictionType: options.prediction_type, scalingFactor: configs.vaeConfig.scalingFactor, unet, textEncoder};
		return new VariantRun(training, options, model, networks, optimizer, valuesOf(networks, ({parameters}) => parameters));
	}

	get arithmetic(): Arithmetic {
		return this.training.arithmetic;
	}

	/** Of AdamW. */
	get beta1(): number {
		return this.training.optimizer.betas[0];
	}

	/** The inputs of micro-batch `micro`, counted through the run. */
	inputs(micro: number) {
		const {moments, tokens, states, draws} = this.training;
		const {offset_noise, noise_multiplied_per_step_by, gradient_accumulation_steps: accumulation} = this.options;
		const rows = <T extends Float32Array | Int32Array>(values: Values<T>) => firstRows(values, this.rows);
		const {epsilon, noise, offset, timesteps} = draws[micro];
		const {shape, values: drawn} = rows(noise);
		const [, height, width, channels] = shape;
		if (offset_noise !== null) addOffsets(drawn, offset_noise, rows(offset).values, {area: height * width, channels});
		const factor = noise_multiplied_per_step_by?.[Math.floor(micro / accumulation)] ?? 1;
		return {
			moments: rows(moments),
			epsilon: rows(epsilon),
			noise: {shape, values: drawn.map(value => value * factor)},
			timesteps: {shape: [this.rows], values: timesteps.slice(0, this.rows)},
			tokens: rows(tokens),
			states: rows(states),
		};
	}

	/** The next optimizer step; `rule` says how the average follows. In f16 it is tried until the loss scale is so small that it is not skipped. */
	step(rule: EmaRule): StepResult {
		for (;;) {
			const {skipped, ...result} = this.#try(rule);
			if (skipped) continue;
			this.#done++;
			return result;
		}
	}

	#try(rule: EmaRule): StepResult & {readonly skipped: boolean} {
		const {gradient_accumulation_steps: accumulation, train_text_encoder: trainTextEncoder} = this.options;
		const {lr: learningRate, weight_decay: weightDecay} = this.training.optimizer;
		const {stepSize, decay, extra} = this.optimizer.scalars({learningRate, step: this.#done + 1, weightDecay});
		// With a loss scale the scalars come for two numbers of updates. Here the first is the true one.
		const twice = (...values: readonly number[]) => Float32Array.from(this.#lossScale ? [...values, ...values] : values);
		const updatesBefore = this.#lossScale && readVariable(this.#lossScale.variables.updates);
		let [gradientNorm, skipped] = [NaN, 0];
		const microBatches = Array.from({length: accumulation}, (_, i) => {
			const {tokens, states, timesteps, ...drawn} = this.inputs(this.#done * accumulation + i);
			const kinds = Array.from({length: this.rows}, (_, row): LossRow => ({kind: row < this.training.batch ? 'instance' : 'class', timestep: timesteps.values[row]}));
			const weights = this.#weights(kinds);
			const compiled = i < accumulation - 1 ? (this.#accumulate as Compiled<Signature>) : this.#update;
			const result = compiled.call({
				...Object.fromEntries(Object.entries({...drawn, timesteps, ...(trainTextEncoder ? {tokens} : {states})}).map(([name, {values}]) => [name, values])),
				promptOfRow: Int32Array.from(kinds, (_, row) => row),
				rowWeights: weights.map(weight => weight / accumulation),
				stepSizes: twice(stepSize, stepSize),
				decays: twice(decay, decay),
				optimizerExtra: twice(extra),
				emaRate: twice(1 - emaDecay(rule, this.#done)),
				...(updatesBefore && {updatesBefore}),
			});
			[gradientNorm] = result.gradientNorm;
			[skipped] = result.skipped ?? [0];
			return this.#losses(kinds, weights, result.errors);
		});
		const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
		return {
			loss: mean(microBatches.map(({loss}) => loss)),
			instance_loss: mean(microBatches.map(micro => micro.instance_loss)),
			...(this.options.prior_loss_weight === null ? {} : {prior_loss: mean(microBatches.map(micro => micro.prior_loss as number))}),
			grad_norm: gradientNorm,
			micro_batches: microBatches,
			skipped: skipped === 1,
		};
	}

	#weights(rows: readonly LossRow[]): Float32Array {
		const {prior_loss_weight, min_snr_gamma, prediction_type: predictionType} = this.options;
		return rowWeights(rows, {priorWeight: prior_loss_weight ?? 1, splitLoss: true, minSnrGamma: min_snr_gamma ?? 0, predictionType, schedule: this.training.schedule});
	}

	#losses(rows: readonly LossRow[], weights: Float32Array, errors: Float32Array): Losses {
		const {prior_loss_weight: priorWeight} = this.options;
		const sum = (kind: LossRow['kind']) => rows.reduce((total, row, i) => (row.kind === kind ? total + weights[i] * errors[i] : total), 0);
		return {loss: sum('instance') + sum('class'), instance_loss: sum('instance'), ...(priorWeight === null ? {} : {prior_loss: sum('class') / priorWeight})};
	}

	/** The trained parameters now, by their names in the fixtures. */
	parameters(): Map<string, Float32Array> {
		return valuesOf(this.networks, ({parameters}) => parameters);
	}

	/** AdamW's first moments now, of the named parameters. */
	firstMoments(names: readonly string[]): Map<string, Float32Array> {
		return valuesOf(this.networks, ({optimizerState}) => partOf(optimizerState, 'm/'), new Set(names));
	}

	/** The average of the UNet now. */
	averages(): Map<string, Float32Array> {
		return valuesOf(this.networks.slice(0, 1), ({ema}) => ema as Parameters);
	}

	/** Back to the values before training. */
	async restart(): Promise<void> {
		this.#done = 0;
		for (const {parameters, optimizerState, ema, accumulator, group} of this.networks) {
			const value = (name: string) => this.start.get(`${prefixes[group]}${name}`) as Float32Array;
			for (const set of [parameters, ema]) await set?.restore({readFloat32: value});
			await optimizerState.restore({readFloat32: name => new Float32Array(value(name.replace(/^[mv]\//, '')).length)});
			await accumulator?.restore({readFloat32: name => new Float32Array(value(name).length)});
		}
	}

	dispose(): void {
		for (const made of [this.#update, this.#accumulate, this.#lossScale]) made?.dispose();
		for (const {optimizerState, ema, accumulator} of this.networks) for (const set of [optimizerState, ema, accumulator]) set?.dispose();
		for (const parameters of [this.model.unet, this.model.textEncoder]) parameters.dispose();
	}
}

/** One slot of an optimizer, under the names of the parameters. */
const partOf = (state: OptimizerState, prefix: string): Pick<ParameterSet, 'stored'> => ({
	stored: () => state.stored().filter(({name}) => name.startsWith(prefix)).map(tensor => ({...tensor, name: tensor.name.slice(prefix.length)})),
});

/** By group. */
const prefixes = ['unet.', 'text_encoder.'] as const;

/** Of the chosen set of each network, by the names in the fixtures; all, or those that are wanted. */
const valuesOf = (networks: readonly TrainedNetwork[], choose: (network: TrainedNetwork) => Pick<ParameterSet, 'stored'>, wanted?: ReadonlySet<string>): Map<string, Float32Array> =>
	new Map(networks.flatMap(network => choose(network).stored().flatMap(({name, read}) => {
		const full = `${prefixes[network.group]}${name}`;
		return wanted === undefined || wanted.has(full) ? [[full, read()] as const] : [];
	})));
