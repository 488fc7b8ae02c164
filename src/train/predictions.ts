import type {Tensor} from '@tensorflow/tfjs';
import {networkScope} from './adapters.ts';
import {noteCompiled, wasCompiled} from './compile-cache.ts';
import {compile, ops, type Body, type Compiled, type Mode} from './graph/index.ts';
import {unet} from './models/index.ts';
import type {StableDiffusion} from './stable-diffusion.ts';

/** What a function that predicts is compiled for. */
export interface PredictionShape {
	/** Pictures. */
	readonly count: number;
	/** Latent positions. */
	readonly height: number;
	readonly width: number;
	/** Text states of a negative prompt, and of a prompt. */
	readonly negative: number;
	readonly positive: number;
}

/** [count, their number, width] each. */
export interface GuidingStates {
	readonly negative: Float32Array;
	readonly positive: Float32Array;
}

/**
 * So many calls are worth being compiled on a GPU. A call for a picture of 512 pixels takes SD 1.5 69 ms as a plain graph and 21 compiled (H200). To
 * compile it takes 40 s (beside seven programs that compiled, too), and 4 of what was compiled before. All go with the number of the network's layers.
 */
const WORTH_COMPILING = {first: 800, again: 80} as const;

const inputs = (shape: PredictionShape, {channels, contextWidth}: {readonly channels: number; readonly contextWidth: number}) => ({
	latents: {shape: [shape.count, shape.height, shape.width, channels], dtype: 'float32'},
	timestep: {shape: [1], dtype: 'float32'},
	negative: {shape: [shape.count, shape.negative, contextWidth], dtype: 'float32'},
	positive: {shape: [shape.count, shape.positive, contextWidth], dtype: 'float32'},
	guidance: {shape: [], dtype: 'float32'},
} as const);
type PredictionSignature = ReturnType<typeof inputs>;

/** The UNet's predictions for pictures: how the function for each of their sizes is computed, and its calls. */
export class Predictions {
	readonly #plain = new Map<string, Compiled<PredictionSignature>>();
	readonly #compiled = new Map<string, Compiled<PredictionSignature>>();
	/** Of those, what was called. */
	readonly #noted = new Set<string>();
	/** Not to be compiled, unless more pictures come. */
	readonly #notWorth = new Set<string>();
	#toCome = 0;

	constructor(private readonly model: StableDiffusion) {}

	/** So many calls are to come, as far as is known: where XLA saves more time than compiling takes, it will. */
	expect(calls: number): void {
		this.#toCome = calls;
		this.#notWorth.clear();
	}

	/** Decides how pictures of a size are computed from now on. Awaits the option `compiling` before XLA compiles, in the midst of the next call. */
	async prepare(shape: PredictionShape): Promise<void> {
		const {mode, sideMode = mode, compiling} = this.model.options;
		const key = keyOf(shape);
		if (mode !== 'xla' || sideMode === 'xla' || this.#toCome < WORTH_COMPILING.again || this.#compiled.has(key) || this.#notWorth.has(key)) return;
		const compiled = this.#function(shape, 'xla');
		const known = wasCompiled(compiled.name);
		if (!known && this.#toCome < WORTH_COMPILING.first) {
			compiled.dispose();
			this.#notWorth.add(key);
			return;
		}
		this.#compiled.set(key, compiled);
		await compiling?.(known);
	}

	/**
	 * The UNet's output with classifier-free guidance (Ho & Salimans 2022): u + guidance·(c − u).
	 * latents: [count, height, width, channels]; states of the negative prompts and of the prompts.
	 */
	of(latents: Float32Array, timestep: number, states: GuidingStates, guidance: number, shape: PredictionShape): Float32Array {
		const given = {latents, timestep: Float32Array.of(timestep), ...states, guidance: Float32Array.of(guidance)};
		const key = keyOf(shape);
		const compiled = this.#compiled.get(key);
		if (compiled) {
			try {
				const {output} = compiled.call(given);
				if (!this.#noted.has(key)) noteCompiled(compiled.name);
				this.#noted.add(key);
				return output;
			} catch (error) {
				this.model.options.warn?.(`Images are sampled as plain graphs, as XLA cannot compute them here: ${(error as Error).message.split('\n')[0]}`);
				this.#compiled.delete(key);
				this.#notWorth.add(key);
			}
		}
		let plain = this.#plain.get(key);
		if (!plain) this.#plain.set(key, (plain = this.#function(shape, this.model.options.sideMode ?? this.model.options.mode)));
		return plain.call(given).output;
	}

	#function(shape: PredictionShape, mode: Mode): Compiled<PredictionSignature> {
		const {model} = this;
		const {precision, attention} = model.options;
		const {unetConfig} = model.folder;
		const signature = inputs(shape, {channels: unetConfig.inChannels, contextWidth: model.contextWidth});
		const {shape: latentShape} = signature.latents;
		const {count} = shape;
		const body: Body<PredictionSignature> = ({latents, timestep, negative, positive, guidance}, state) => {
			const p = networkScope(model.network('unet'), state).scope;
			const predicted = (sample: Tensor, context: Tensor) =>
				ops.toFloat32(model.inLanes([sample, ops.tile(timestep, [sample.shape[0]]), context], (sample, timesteps, context) => unet(unetConfig)(p, {sample, timesteps, context})));
			const together = () => {
				const both = predicted(ops.concat([latents, latents], 0), ops.concat([negative, positive], 0));
				return [0, count].map(begin => ops.slice(both, [begin, 0, 0, 0], [...latentShape]));
			};
			// Prompts of different lengths cannot share a batch.
			const [without, withPrompt] = negative.shape[1] === positive.shape[1] ? together() : [negative, positive].map(context => predicted(latents, context));
			return {output: ops.add(without, ops.multiply(guidance, ops.subtract(withPrompt, without)))};
		};
		const options = {mode, precision, attention};
		return compile('predict', body, signature, {...options, notFused: model.notFused(shape, options)});
	}
}

const keyOf = ({count, height, width, negative, positive}: PredictionShape): string => [count, height, width, negative, positive].join(' ');
