import type {Tensor} from '@tensorflow/tfjs';
import {networkScope, type ModelAdapters, type Network} from './adapters.ts';
import {compile, dtypeOf, FLOAT32, ops, type Body, type Compiled, type CompileOptions, type Mode, type Signature} from './graph/index.ts';
import {layersNotFused} from './check-fused.ts';
import {noiseSchedule, type NoiseSchedule} from './diffusion/index.ts';
import {inLanes} from './lanes.ts';
import {decodeLatent, encodeImage, encodeText, joinChunks, loadTokenizer, tokenizePrompt, tokenizeUnpadded, unet, type Tokenizer} from './models/index.ts';
import {declareParameters, scopeOver, type Declaration} from './nn/index.ts';
import {Parameters} from './parameters.ts';
import {Predictions, type GuidingStates, type PredictionShape} from './predictions.ts';
import {loadRuntime} from './runtime/index.ts';
import {checkWeights, WeightsError, type LoraNetwork, type ModelFolder, type SafetensorsFile} from './weights/index.ts';

export interface OpenOptions extends Pick<CompileOptions, 'mode' | 'precision' | 'attention' | 'checkpointing'> {
	/** How text, images and samples are computed; absent: as the rest. */
	readonly sideMode?: Mode;
	/** As users count: 1 uses the last layer of the text encoder. */
	readonly clipSkip: number;
	/** Tokens that prompts are cut or filled up to, a multiple of 75; absent: as many as the longest needs. */
	readonly maxTokenLength?: number;
	/** Off: prompts are not filled up. Default on. */
	readonly padTokens?: boolean;
	/** Networks whose own weights nothing changes: they are held in the precision of the arithmetic. The others are held in f32. */
	readonly frozenNetworks?: readonly NetworkName[];
	/** Parameters of the text encoder that will be kept while others are trained. */
	readonly frozen?: (name: string) => boolean;
	/** Pieces that batches are cut into; see lanes.ts. Default 1. */
	readonly lanes?: number;
	/** Makes or loads adapters for the networks. */
	readonly adapters?: (networks: DeclaredNetworks) => Promise<ModelAdapters>;
	/** Called before each network is loaded. */
	readonly onProgress?: (network: string) => void;
	/** Awaited before XLA compiles the UNet for pictures; `known`: it has done so before on this machine. */
	readonly compiling?: (known: boolean) => Promise<void>;
	/** Told of what does not work as the options say it. */
	readonly warn?: (message: string) => void;
}

export type NetworkName = 'unet' | 'textEncoder' | 'vae';

/** What adapters can be for. */
export interface DeclaredNetworks {
	/** Every parameter. */
	readonly declared: Readonly<Record<LoraNetwork, readonly Declaration[]>>;
	/** Without those of the last text layers, which clip skip leaves out. */
	readonly used: Readonly<Record<LoraNetwork, readonly Declaration[]>>;
}

/** An image of floats -1 ... 1 or of noise: [height, width, channels] in row order, several one after another. */
export type Images = Float32Array;

/**
 * A Stable Diffusion model on the device, and the functions made of it. Each function is compiled for the sizes it is
 * first used with and kept.
 */
export class StableDiffusion {
	readonly schedule: NoiseSchedule;
	readonly predictions = new Predictions(this);
	readonly #compiled = new Map<string, Compiled<Signature>>();
	readonly #notFused = new Map<string, readonly string[]>();

	private constructor(
		readonly folder: ModelFolder,
		readonly tokenizer: Tokenizer,
		readonly unet: Parameters,
		readonly textEncoder: Parameters,
		readonly vae: Parameters,
		readonly adapters: ModelAdapters,
		readonly options: OpenOptions,
	) {
		this.schedule = noiseSchedule(folder.schedulerConfig);
	}

	/**
	 * Loads the networks of a model folder.
	 * @throws WeightsError when a tensor is missing, misshapen or not supported: file, key, expected, found.
	 */
	static async open(folder: ModelFolder, options: OpenOptions): Promise<StableDiffusion> {
		const declared = declareNetworks(folder);
		// All of them before the first is loaded, which may take minutes.
		for (const network of ['unet', 'textEncoder', 'vae'] as const) checkWeights(folder[network], new Map(declared[network].map(({name, shape}) => [name, shape])));
		const load = async (network: NetworkName, name: string) => {
			options.onProgress?.(name);
			const file: SafetensorsFile = folder[network];
			const dtype = options.frozenNetworks?.includes(network) ? dtypeOf[options.precision ?? 'f32'] : FLOAT32;
			return Parameters.load(name, declared[network], file, {dtype, apart: network === 'textEncoder' ? keptParameters(folder, options) : undefined});
		};
		const tokenizer = await loadTokenizer(folder.tokenizerFolder);
		const {vocabSize} = folder.textEncoderConfig;
		if (tokenizer.vocabularySize > vocabSize) {
			throw new WeightsError(`${folder.tokenizerFolder}: the tokenizer has ${tokenizer.vocabularySize} entries, the text encoder knows ${vocabSize}.`, {
				action: 'The tokenizer belongs to another model: copy the tokenizer folder from where the text encoder comes from.',
			});
		}

		return new StableDiffusion(
			folder,
			tokenizer,
			await load('unet', 'unet'),
			await load('textEncoder', 'text_encoder'),
			await load('vae', 'vae'),
			(await options.adapters?.({declared, used: {unet: declared.unet, textEncoder: declareTextEncoder(folder, options)}})) ?? {},
			options,
		);
	}

	/** Pixels per latent position along one side. */
	get autoencoderFactor(): number {
		return 2 ** (this.folder.vaeConfig.blockOutChannels.length - 1);
	}

	/** Sides of images are multiples of it, so that every level of the networks has whole positions. */
	get sizeStep(): number {
		return this.autoencoderFactor * 2 ** (this.folder.unetConfig.blockOutChannels.length - 1);
	}

	/** Width of the text states. */
	get contextWidth(): number {
		return this.folder.textEncoderConfig.hiddenSize;
	}

	/** A network with its adapters. */
	network(name: LoraNetwork): Network {
		return {weights: this[name], adapters: this.adapters[name]};
	}

	get padsTokens(): boolean {
		return this.options.padTokens !== false;
	}

	/** Token ids of a prompt, `chunks` pieces of 77; without padding one piece of its own length. */
	tokens(prompt: string, chunks = 1): Int32Array {
		return this.padsTokens ? tokenizePrompt(this.tokenizer, prompt, {chunks}) : tokenizeUnpadded(this.tokenizer, prompt);
	}

	/** Pieces of 75 tokens that a prompt takes. */
	chunks(prompt: string): number {
		const {maxTokenLength} = this.options;
		return maxTokenLength === undefined ? Math.max(1, Math.ceil(this.tokenizer.encode(prompt).length / 75)) : maxTokenLength / 75;
	}

	/** How many text states a prompt has. */
	stateCount(prompt: string, chunks = this.chunks(prompt)): number {
		return this.padsTokens ? 75 * chunks + 2 : this.tokens(prompt).length;
	}

	/** Text states of prompts, [prompts, 75·chunks + 2, width]; without padding of prompts with as many tokens each, [prompts, tokens, width]. */
	encodePrompts(prompts: readonly string[], chunks = 1): Float32Array {
		this.textEncoder.wake();
		const {textEncoderConfig} = this.folder;
		const tokens = Int32Array.from(prompts.flatMap(prompt => [...this.tokens(prompt, chunks)]));
		const rows = prompts.length * chunks;
		const encode = this.#function('encode_prompts', {tokens: {shape: [rows, tokens.length / rows], dtype: 'int32'}}, ({tokens}, state) => {
			const states = encodeText(textEncoderConfig, {clipSkip: this.options.clipSkip})(networkScope(this.network('textEncoder'), state).scope, tokens);
			return {states: joinChunks(states, {chunks})};
		});
		return encode.call({tokens}).states;
	}

	/** Mean and log-variance of the latents of images: [count, height, width, 3] -> [count, height/f, width/f, 2·channels]. */
	encodeImages(images: Images, {count, height, width}: {count: number; height: number; width: number}): Float32Array {
		this.vae.wake();
		const encode = this.#function('encode_images', {images: {shape: [count, height, width, 3], dtype: 'float32'}}, ({images}, state) => {
			const p = scopeOver(this.vae.tensors(state));
			return {moments: this.inLanes([images], images => encodeImage(this.folder.vaeConfig)(p, images))};
		});
		return encode.call({images}).moments;
	}

	/** Images of latents as the UNet knows them (scaled): [count, height, width, channels] -> [count, height·f, width·f, 3]. */
	decodeLatents(latents: Float32Array, {count, height, width}: {count: number; height: number; width: number}): Images {
		this.vae.wake();
		const {vaeConfig} = this.folder;
		const decode = this.#function('decode_latents', {latents: {shape: [count, height, width, vaeConfig.latentChannels], dtype: 'float32'}}, ({latents}, state) => {
			const p = scopeOver(this.vae.tensors(state));
			return {images: this.inLanes([ops.scaleBy(latents, 1 / vaeConfig.scalingFactor)], latents => decodeLatent(vaeConfig)(p, latents))};
		});
		return decode.call({latents}).images;
	}

	/**
	 * The UNet's output with classifier-free guidance (Ho & Salimans 2022): u + guidance·(c − u).
	 * latents: [count, height, width, channels]; states: [count, its number, width] of the negative prompts and of the prompts.
	 */
	predict(latents: Float32Array, timestep: number, states: GuidingStates, {guidance, ...size}: {count: number; height: number; width: number; guidance: number}): Float32Array {
		this.unet.wake();
		return this.predictions.of(latents, timestep, states, guidance, this.predictionShape(states, size));
	}

	predictionShape({negative, positive}: GuidingStates, size: {count: number; height: number; width: number}): PredictionShape {
		const statesOf = (states: Float32Array) => states.length / (size.count * this.contextWidth);
		return {...size, negative: statesOf(negative), positive: statesOf(positive)};
	}

	/** Layers of the UNet whose fused attention does not work here, tried once for each size of latents. */
	notFused({height, width}: {readonly height: number; readonly width: number}, options: CompileOptions): readonly string[] {
		const key = `${height}x${width}`;
		let layers = this.#notFused.get(key);
		if (!layers && options.mode === 'xla') {
			const refused = layersNotFused(this.folder.unetConfig, {height, width}, options);
			for (const [layer, reason] of refused) this.options.warn?.(`Fused attention is not used for ${layer}: ${reason}. These layers compute in chunks.`);
			this.#notFused.set(key, (layers = [...refused.keys()]));
		}
		return layers ?? [];
	}

	/** Networks whose weights nothing trains leave the device until they are used again. */
	rest(networks: readonly NetworkName[]): void {
		const left = networks.filter(network => this[network].rest());
		if (left.length > 0) loadRuntime().returnUnusedMemory();
	}

	/** In pieces of the batch, as the options say; see lanes.ts. */
	inLanes(inputs: readonly Tensor[], f: (...inputs: Tensor[]) => Tensor): Tensor {
		return inLanes(inputs, this.options.lanes ?? 1, f);
	}

	#function<S extends Signature>(name: string, signature: S, body: Body<S>): Compiled<S> {
		const key = `${name} ${JSON.stringify(signature)}`;
		let compiled = this.#compiled.get(key) as Compiled<S> | undefined;
		if (!compiled) {
			const {mode, sideMode = mode, precision, attention} = this.options;
			compiled = compile(name, body, signature, {mode: sideMode, precision, attention});
			this.#compiled.set(key, compiled as unknown as Compiled<Signature>);
		}
		return compiled;
	}
}

type Configs = Pick<ModelFolder, 'unetConfig' | 'textEncoderConfig' | 'vaeConfig'>;

/** Every tensor of a model: names and shapes as in its files. */
export const declareNetworks = (configs: Configs): Record<NetworkName, Declaration[]> => ({
	unet: declareUnet(configs),
	textEncoder: declareTextEncoder(configs, {clipSkip: 1}),
	vae: declareVae(configs),
});

/** A latent just large enough for every level of the UNet. */
function declareUnet({unetConfig}: Configs): Declaration[] {
	const side = 2 ** (unetConfig.blockOutChannels.length - 1);
	return declareParameters((p, {sample, timesteps, context}) => unet(unetConfig)(p, {sample, timesteps, context}), {
		sample: {shape: [1, side, side, unetConfig.inChannels], dtype: 'float32'},
		timesteps: {shape: [1], dtype: 'float32'},
		context: {shape: [1, 1, unetConfig.crossAttentionDim], dtype: 'float32'},
	});
}

const declareTextEncoder = ({textEncoderConfig}: Configs, {clipSkip}: {clipSkip: number}) =>
	declareParameters((p, {tokens}) => encodeText(textEncoderConfig, {clipSkip})(p, tokens), {tokens: {shape: [1, textEncoderConfig.maxPositionEmbeddings], dtype: 'int32'}});

/** Parameters that are not trained when the others are: those of the last layers, which clip skip leaves out, and frozen ones. */
function keptParameters(folder: ModelFolder, {clipSkip, frozen}: OpenOptions): ReadonlySet<string> {
	const used = new Set(declareTextEncoder(folder, {clipSkip}).map(({name}) => name));
	return new Set(declareTextEncoder(folder, {clipSkip: 1}).map(({name}) => name).filter(name => !used.has(name) || frozen?.(name)));
}

function declareVae({vaeConfig}: Configs): Declaration[] {
	const side = 2 ** (vaeConfig.blockOutChannels.length - 1);
	return [
		...declareParameters((p, {image}) => encodeImage(vaeConfig)(p, image), {image: {shape: [1, side, side, vaeConfig.inChannels], dtype: 'float32'}}),
		...declareParameters((p, {latent}) => decodeLatent(vaeConfig)(p, latent), {latent: {shape: [1, 1, 1, vaeConfig.latentChannels], dtype: 'float32'}}),
	];
}
