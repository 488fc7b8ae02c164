import type {Tensor} from '@tensorflow/tfjs';
import {networkScope, type ModelAdapters} from './adapters.ts';
import {attribute, execution, FLOAT32, INT32, op, ops, type Signature, type State, type Tensors} from './graph/index.ts';
import type {NoiseSchedule} from './diffusion/index.ts';
import {cutIntoLanes, rowsOfLane} from './lanes.ts';
import {encodeText, joinChunks, unet} from './models/index.ts';
import {differentiable, gatherRows, gradients, type Scope} from './nn/index.ts';
import {clipCoefficient, globalNorm, gradScaler, isFiniteTensor, onlyIf, updateLossScale, type LossScaleVariables, type Optimizer} from './optim/index.ts';
import type {OptimizerState} from './optimizer-state.ts';
import {blockGradient, type Block, type Parameters} from './parameters.ts';
import type {TextEncoderConfig, UNetConfig} from './weights/index.ts';

/**
 * The training step of DreamBooth (Ruiz et al. 2022, "DreamBooth: fine tuning text-to-image diffusion models for
 * subject-driven generation"), in the order of its formula:
 *
 *   z = (mean + std·ε)·s            the image's latent, drawn anew each step
 *   z_t = √ᾱ_t·z + √(1−ᾱ_t)·n       the noisy latent
 *   c = text encoder(prompt)
 *   y = UNet(z_t, t, c)
 *   L = ‖y − n‖² over the instance images + λ·‖y' − n'‖² over the class images
 *   θ ← AdamW(θ, clip(∇L))
 *
 * In f16 the loss is multiplied by a factor before its gradients are taken, and a step whose gradients overflow all the same
 * changes nothing: see optim/loss-scale.ts.
 */

/** What is trained, and how the noise is made. */
export interface StepModel {
	readonly unetConfig: UNetConfig;
	readonly textEncoderConfig: TextEncoderConfig;
	/** As users count: 1 uses the last layer. */
	readonly clipSkip: number;
	readonly schedule: NoiseSchedule;
	readonly predictionType: 'epsilon' | 'v_prediction';
	readonly scalingFactor: number;
	readonly unet: Parameters;
	readonly textEncoder: Parameters;
	/** Beside the weights; with them, the weights are not trained. */
	readonly adapters?: ModelAdapters;
}

/** A network that is trained, with the state its updates need. Group 0 is the UNet, group 1 the text encoder: their rates differ. */
export interface TrainedNetwork {
	readonly parameters: Parameters;
	readonly optimizerState: OptimizerState;
	readonly ema?: Parameters;
	/** Sum of the gradients of earlier micro-batches; only with accumulation. */
	readonly accumulator?: Parameters;
	readonly group: 0 | 1;
	/** Whether the parameter of this name is kept as it is. */
	readonly frozen?: (name: string) => boolean;
}

export interface StepOptions {
	readonly optimizer: Optimizer;
	/** Largest norm of the gradients of all trained networks together; 0 for no limit. */
	readonly gradientClip: number;
	/** A limit of the text encoder's own; 0: it shares the global one. */
	readonly textEncoderGradientClip?: number;
	/** How a pixel's error counts; absent: squared. */
	readonly penalty?: Penalty;
	/** Whether the states are computed from `tokens`, so that gradients reach the text encoder. */
	readonly trainTextEncoder: boolean;
	/** `accumulate`: only adds the gradients up; `update`: adds them up and updates the parameters. */
	readonly part: 'accumulate' | 'update';
	/** Independent computations that the rows are cut into; see lanes.ts. */
	readonly lanes?: number;
	/** The share of values that is left out of what adapters are given; the keys of its rows are inputs. */
	readonly adapterDropout?: number;
	/** In f16. `growthInterval`: good steps until the scale grows; absent: GradScaler's. */
	readonly lossScale?: {readonly variables: LossScaleVariables; readonly growthInterval?: number};
}

/** `huber`: 2c·(√(e² + c²) − c), the square of small errors and a multiple of large ones (pseudo-Huber; diffusers' `huber_c`). */
export type Penalty = {readonly kind: 'squared'} | {readonly kind: 'huber'; readonly c: number};

/** Sizes of one micro-batch. Rows are images: instance images first, then class images. */
export interface StepShape {
	readonly rows: number;
	/** Latent size. */
	readonly height: number;
	readonly width: number;
	/** Different prompts in the batch. */
	readonly prompts: number;
	/** Pieces of 75 tokens per prompt. */
	readonly chunks: number;
	/** Positions of a piece, start and end included; absent: 77, where prompts are padded. */
	readonly positions?: number;
}

/**
 * The inputs of a step. With a frozen text encoder, `states` [prompts, 75·chunks + 2, width] (or as many as `positions`) takes the place of `tokens`.
 * With a loss scale, whether the step before made its update is known to the device only: what depends on it comes twice, for
 * `updatesBefore` updates and for one more.
 */
export function stepSignature({rows, height, width, prompts, chunks, positions = 77}: StepShape, model: Pick<StepModel, 'unetConfig' | 'textEncoderConfig'>, {trainTextEncoder, adapterDropout = 0, lossScale}: Pick<StepOptions, 'trainTextEncoder' | 'adapterDropout' | 'lossScale'>) {
	const {inChannels} = model.unetConfig;
	const cases = lossScale ? [2] : [];
	return {
		moments: {shape: [rows, height, width, 2 * inChannels], dtype: 'float32'},
		epsilon: {shape: [rows, height, width, inChannels], dtype: 'float32'},
		noise: {shape: [rows, height, width, inChannels], dtype: 'float32'},
		timesteps: {shape: [rows], dtype: 'int32'},
		...(trainTextEncoder
			? {tokens: {shape: [prompts * chunks, positions], dtype: 'int32'} as const}
			: {states: {shape: [prompts, (positions - 2) * chunks + 2, model.textEncoderConfig.hiddenSize], dtype: 'float32'} as const}),
		/** Which prompt each row has. */
		promptOfRow: {shape: [rows], dtype: 'int32'},
		/** What decides which values are left out: of each row for the UNet, of each piece of a prompt for the text encoder. */
		...(adapterDropout > 0 && {dropoutKeys: {shape: [rows], dtype: 'int32'} as const}),
		...(adapterDropout > 0 && trainTextEncoder && {textDropoutKeys: {shape: [prompts * chunks], dtype: 'int32'} as const}),
		/** What the error of each row counts for in the loss: L = Σ weight·error. See loss.ts. */
		rowWeights: {shape: [rows], dtype: 'float32'},
		/** Per group: see Optimizer.scalars. */
		stepSizes: {shape: [...cases, 2], dtype: 'float32'},
		decays: {shape: [...cases, 2], dtype: 'float32'},
		optimizerExtra: {shape: cases, dtype: 'float32'},
		/** The EMA moves by this share towards the parameters. */
		emaRate: {shape: cases, dtype: 'float32'},
		...(lossScale && {updatesBefore: {shape: [], dtype: 'float32'} as const}),
	} as const satisfies Signature;
}

/** z, z_t and what the UNet is to predict. All [rows, height, width, channels]. */
export function noisyLatents(model: Pick<StepModel, 'schedule' | 'predictionType' | 'scalingFactor'>, {moments, epsilon, noise, timesteps}: {moments: Tensor; epsilon: Tensor; noise: Tensor; timesteps: Tensor}) {
	const {schedule, predictionType, scalingFactor} = model;
	const latents = ops.scaleBy(sampleLatents(moments, epsilon), scalingFactor);
	const signal = rateAt(schedule.signalRates, timesteps);
	const noiseRate = rateAt(schedule.noiseRates, timesteps);
	return {
		latents,
		noisy: ops.add(ops.multiply(signal, latents), ops.multiply(noiseRate, noise)),
		target: predictionType === 'epsilon' ? noise : ops.subtract(ops.multiply(signal, noise), ops.multiply(noiseRate, latents)),
	};
}

/** mean + std·ε, with the log-variance limited to −30 … 20. moments: [..., 2·channels] -> [..., channels]. */
export function sampleLatents(moments: Tensor, epsilon: Tensor): Tensor {
	const zeros = moments.shape.map(() => 0);
	const channels = epsilon.shape[epsilon.rank - 1];
	const mean = ops.slice(moments, zeros, epsilon.shape);
	const logVariance = ops.slice(moments, [...zeros.slice(1), channels], epsilon.shape);
	const limited = ops.minimum(ops.maximum(logVariance, ops.constant(-30)), ops.constant(20));
	return ops.add(mean, ops.multiply(ops.exponential(ops.scaleBy(limited, 0.5)), epsilon));
}

/** One value per row, shaped to multiply images. */
const rateAt = (rates: Float32Array, timesteps: Tensor) => ops.reshape(ops.gather(ops.table(rates, [rates.length]), timesteps), [timesteps.shape[0], 1, 1, 1]);

/**
 * The body of the compiled step: inputs as in stepSignature, outputs the error of each row [rows] and the norm of the gradients before clipping;
 * with a loss scale, also the scale and the number of updates after the step, and whether it was skipped (1 or 0).
 */
export function trainingStep(model: StepModel, trained: readonly TrainedNetwork[], {chunks}: Pick<StepShape, 'chunks'>, {optimizer, gradientClip, textEncoderGradientClip = 0, penalty = {kind: 'squared'}, trainTextEncoder, part, lanes = 1, adapterDropout = 0, lossScale}: StepOptions) {
	return (inputs: Tensors, state: State): Tensors => {
		const partOf = (name: 'unet' | 'textEncoder', group: 0 | 1) => networkScope({weights: model[name], adapters: model.adapters?.[name]}, state, {trained: trained.find(network => network.group === group)?.parameters});
		const unetPart = partOf('unet', 0);
		const textPart = trainTextEncoder ? partOf('textEncoder', 1) : undefined;
		const trainsUnet = trained.some(({group}) => group === 0);
		const scale = lossScale && state.read(lossScale.variables.scale);
		const rowWeights = scale ? ops.multiply(inputs.rowWeights, scale) : inputs.rowWeights;
		const {noisy, target} = noisyLatents(model, inputs as {moments: Tensor; epsilon: Tensor; noise: Tensor; timesteps: Tensor});

		const wanted = trained.flatMap(({parameters, group, frozen}) => parameters.names.filter(name => !frozen?.(name)).map(name => ({group, name, tensor: (group === 0 ? unetPart : textPart)?.tensors.get(name) as Tensor})));
		const perLane = cutIntoLanes(noisy.shape[0], lanes).map(lane => {
			const cut = (x: Tensor) => rowsOfLane(x, lane);
			// Outside of what is differentiated: the backward pass needs the keys again.
			const dropoutOf = (keys: Tensor | undefined) => (keys && {rate: adapterDropout, keys});
			const unetDropout = trainsUnet ? dropoutOf(inputs.dropoutKeys && cut(inputs.dropoutKeys)) : undefined;
			const textDropout = dropoutOf(inputs.textDropoutKeys);
			const errorsOf = () => {
				const states = textPart ? textStates(model, textPart.dropping(textDropout), inputs.tokens, {chunks}) : inputs.states;
				const prediction = unet(model.unetConfig)(unetPart.dropping(unetDropout), {sample: cut(noisy), timesteps: ops.toFloat(cut(inputs.timesteps)), context: gatherRows(states, cut(inputs.promptOfRow))});
				return rowErrors(prediction, cut(target), penalty);
			};
			const {value, gradients: found} = gradients(errorsOf, wanted.map(({tensor}) => tensor), cut(rowWeights));
			// What the loss does not reach (the last text layers with clip skip) has no gradient and is left alone, as in torch.
			const gradientOf = [0, 1].map(group => new Map(wanted.flatMap(({group: own, name}, i) => (own === group && found[i] ? [[name, found[i]] as const] : []))));
			return {errors: value, gradientOf};
		});
		const errors = ops.concat(perLane.map(lane => lane.errors), 0);
		const updates = trained.flatMap(network => network.parameters.blocks.flatMap((block, index) => {
			const parts = perLane.flatMap(({gradientOf}) => blockGradient(block, gradientOf[network.group]) ?? []);
			return parts.length > 0 ? [{network, block, index, gradient: accumulated(state, network.accumulator?.blocks[index], ops.addAll(parts))}] : [];
		}));
		// The scale is a power of two: dividing by it changes no digit.
		const unscale = scale && ops.divide(ops.constant(1), scale);
		const unscaled = (x: Tensor) => (unscale ? ops.multiply(x, unscale) : x);
		const scaledNorm = globalNorm(updates.map(({gradient}) => gradient));
		const gradientNorm = unscaled(scaledNorm);
		if (part === 'accumulate') {
			for (const {network, index, gradient} of updates) if (network.accumulator) state.assign(network.accumulator.blocks[index].variable, gradient);
			return {errors, gradientNorm};
		}

		// Halves are at most 65 504, and what is summed up of them in f32 is far from 1e19, where its squares would overflow: the norm is finite where all gradients are.
		const finite = lossScale && isFiniteTensor(scaledNorm);
		const changing = finite ? onlyIf(finite, state) : state;
		const ownNorm = (group: number) => unscaled(globalNorm(updates.filter(({network}) => network.group === group).map(({gradient}) => gradient)));
		const limited = (limit: number, norm: () => Tensor) => (limit > 0 ? unscaled(clipCoefficient(norm(), limit)) : unscale);
		// With a limit of its own the text encoder is no part of the other norm either.
		const clips = textEncoderGradientClip > 0 && trained.length > 1
			? [limited(gradientClip, () => ownNorm(0)), limited(textEncoderGradientClip, () => ownNorm(1))]
			: Array.from({length: 2}, () => limited(gradientClip, () => gradientNorm));
		const {stepSizes, decays, optimizerExtra: extra, emaRate} = lossScale ? trueCase(inputs, state.read(lossScale.variables.updates)) : inputs;
		const rates = [0, 1].map(group => ({stepSize: scalarAt(stepSizes, group), decay: scalarAt(decays, group)}));
		// Without a limit no update needs the gradients of the others.
		const inTurn = clips[0] === undefined && execution().mode === 'xla';
		let previous: readonly Tensor[] = [];
		for (const {network: {optimizerState, ema, accumulator, group}, block, index, gradient: found} of inTurn ? asGradientsCome(updates) : updates) {
			// XLA would join updates of tensors of one size into one kernel, for which all their gradients wait to the end of the step.
			const [gradient] = previous.length > 0 ? execution().barrier([found, ...previous.slice(1)], previous[0]) : [found];
			optimizer.update(changing, {
				parameter: block.variable,
				members: block.members,
				slots: optimizerState.variables[index],
				gradient,
				clip: clips[group],
				...rates[group],
				extra,
			});
			if (inTurn) previous = [block.variable, ...optimizerState.variables[index]].map(variable => state.read(variable));
			if (ema) moveTowards(changing, ema.blocks[index], block, emaRate);
			// Zeros made from the gradient, not from its shape: a graph would make those before the forward pass and hold them.
			if (accumulator) state.assign(accumulator.blocks[index].variable, op('ZerosLike', [gradient], [attribute.type('T', FLOAT32)]));
		}
		if (!lossScale || !finite) return {errors, gradientNorm};
		const before = state.read(lossScale.variables.updates);
		const {scale: nextScale, updates: updatesAfter} = updateLossScale(state, lossScale.variables, finite, lossScale.growthInterval ?? gradScaler.growthInterval);
		return {errors, gradientNorm, lossScale: nextScale, updates: updatesAfter, skipped: ops.subtract(ops.constant(1), ops.subtract(updatesAfter, before))};
	};
}

/** Of the inputs that come twice, those for so many updates. */
function trueCase({stepSizes, decays, optimizerExtra, emaRate, updatesBefore}: Tensors, updates: Tensor) {
	const row = op('Cast', [ops.subtract(updates, updatesBefore)], [attribute.type('SrcT', FLOAT32), attribute.type('DstT', INT32)]);
	const [sizes, shares, extra, rate] = [stepSizes, decays, optimizerExtra, emaRate].map(both => ops.gather(both, row));
	return {stepSizes: sizes, decays: shares, optimizerExtra: extra, emaRate: rate};
}

/** tokens: [prompts · chunks, 77] -> [prompts, 75·chunks + 2, width]. */
const textStates = ({textEncoderConfig, clipSkip}: StepModel, p: Scope, tokens: Tensor, {chunks}: {chunks: number}) => joinChunks(encodeText(textEncoderConfig, {clipSkip})(p, tokens), {chunks});

/** The mean penalty of each row. prediction, target: [rows, height, width, channels] -> [rows]. */
export function rowErrors(prediction: Tensor, target: Tensor, penalty: Penalty): Tensor {
	const [rows, ...inner] = prediction.shape;
	const size = inner.reduce((product, n) => product * n, 1);
	return differentiable(
		[prediction],
		(save, y) => {
			const error = ops.subtract(ops.toFloat32(y), target);
			if (penalty.kind === 'squared') {
				save([error]);
				return ops.mean(ops.square(error), [1, 2, 3]);
			}
			const root = ops.squareRoot(ops.add(ops.square(error), ops.constant(penalty.c ** 2)));
			save([ops.divide(ops.scaleBy(error, penalty.c), root)]);
			return ops.scaleBy(ops.subtract(ops.mean(root, [1, 2, 3]), ops.constant(penalty.c)), 2 * penalty.c);
		},
		(dy, [slope]) => [ops.multiply(slope, ops.scaleBy(ops.reshape(dy, [rows, 1, 1, 1]), 2 / size))],
	);
}

/** The backward pass comes to the last layers first. Small tensors of all layers share a variable: its gradient is there at the end. */
function asGradientsCome<T extends {readonly network: TrainedNetwork; readonly block: Block}>(updates: readonly T[]): T[] {
	const isShared = ({block: {members}}: T) => members.length > 1;
	const byNetwork = updates.filter(one => !isShared(one)).toReversed().toSorted((a, b) => a.network.group - b.network.group);
	return [...byNetwork, ...updates.filter(isShared)];
}

const scalarAt = (vector: Tensor, index: number) => ops.reshape(ops.slice(vector, [index], [1]), []);

const accumulated = (state: State, accumulator: Block | undefined, gradient: Tensor) => (accumulator ? ops.add(state.read(accumulator.variable), gradient) : gradient);

/** shadow ← shadow − rate·(shadow − p), with p as it is after the update. */
function moveTowards(state: State, ema: Block, block: Block, rate: Tensor): void {
	const before = state.read(ema.variable);
	state.assign(ema.variable, ops.subtract(before, ops.multiply(rate, ops.subtract(before, state.read(block.variable)))));
}
