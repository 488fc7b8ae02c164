import {createSampler, type SamplerName} from './diffusion/index.ts';
import {normals} from './random.ts';
import type {StableDiffusion} from './stable-diffusion.ts';

/** A picture to be made. */
export interface SampleRequest {
	readonly prompt: string;
	readonly negativePrompt: string;
	/** The same seed gives the same noise at every step of a run, in every batch, on every machine. */
	readonly seed: number;
}

export interface SampleOptions {
	readonly sampler: SamplerName;
	readonly steps: number;
	readonly guidance: number;
	/** Pixels. */
	readonly width: number;
	readonly height: number;
	/** Pictures that are made together; absent: as many as their size suggests. */
	readonly atOnce?: number;
	/** Called after each call of the network, with the share of all work that is done. */
	readonly onProgress?: (share: number) => void;
	/** Awaited between calls of the network, so that commands are heard; what it throws ends the sampling. */
	readonly breathe?: () => Promise<void>;
}

export interface Sample extends SampleRequest {
	/** 8-bit RGB, [height, width, 3]. */
	readonly pixels: Uint8Array;
	/** The same before rounding, 0 ... 1. */
	readonly image: Float32Array;
}

/** Latent positions worked on at once: 8 images of the demo model, one of Stable Diffusion's own size. */
const LATENTS_AT_ONCE = 2048;

const picturesAtOnce = ({autoencoderFactor, padsTokens}: StableDiffusion, pictures: number, {width, height, atOnce}: Pick<SampleOptions, 'width' | 'height' | 'atOnce'>): number => {
	const limit = atOnce ?? Math.max(1, Math.floor((LATENTS_AT_ONCE * autoencoderFactor ** 2) / (height * width)));
	// Unpadded prompts have lengths of their own.
	return padsTokens ? Math.min(limit, pictures) : 1;
};

/** Calls of the UNet that pictures take. */
export const callsOf = (model: StableDiffusion, pictures: number, options: Pick<SampleOptions, 'steps' | 'width' | 'height' | 'atOnce'>): number =>
	pictures === 0 ? 0 : options.steps * Math.ceil(pictures / picturesAtOnce(model, pictures, options));

/** Makes the pictures, a few at a time, in the order asked for. */
export async function* samples(model: StableDiffusion, requests: readonly SampleRequest[], options: SampleOptions): AsyncGenerator<Sample> {
	const factor = model.autoencoderFactor;
	const [height, width] = [options.height / factor, options.width / factor];
	const count = picturesAtOnce(model, requests.length, options);
	for (let begin = 0; begin < requests.length; begin += count) {
		const wanted = requests.slice(begin, begin + count);
		// A function is compiled for one size, so a short last batch is filled up.
		const batch = Array.from({length: count}, (_, i) => wanted[Math.min(i, wanted.length - 1)]);
		const latents = await sampleLatents(model, batch, {...options, height, width, onProgress: share => options.onProgress?.((begin + share * wanted.length) / requests.length)});
		const images = model.decodeLatents(latents, {count, height, width});
		const size = options.height * options.width * 3;
		for (const [i, request] of wanted.entries()) {
			const image = images.slice(i * size, (i + 1) * size).map(value => Math.min(1, Math.max(0, value / 2 + 0.5)));
			yield {...request, image, pixels: Uint8Array.from(image, value => Math.round(value * 255))};
		}
	}
}

/** Latents of a batch: [requests, height, width, channels]. Sizes are in latent positions. */
export async function sampleLatents(model: StableDiffusion, requests: readonly SampleRequest[], options: SampleOptions): Promise<Float32Array> {
	const size = options.height * options.width * model.folder.unetConfig.inChannels;
	const drawn = (stream: string, step: number) => joined(requests.map(({seed}) => normals(size, {seed, stream, step})));
	return denoise(model, requests, {...options, start: drawn('latent', 0), noiseAt: step => drawn('sampler', step)});
}

export interface DenoiseOptions extends SampleOptions {
	/** N(0, 1) noise that the pictures are made of, [requests, height, width, channels]. */
	readonly start: Float32Array;
	/** The noise, of the same shape, that a sampler which needs it adds after call `step` of the network. */
	readonly noiseAt: (step: number) => Float32Array;
}

/** The sampling loop: latents from given noise. Sizes are in latent positions. */
export async function denoise(
	model: StableDiffusion,
	prompts: readonly Pick<SampleRequest, 'prompt' | 'negativePrompt'>[],
	{sampler: name, steps, guidance, width, height, start, noiseAt, onProgress, breathe}: DenoiseOptions,
): Promise<Float32Array> {
	const sampler = createSampler(name, model.folder.schedulerConfig, steps);
	const chunks = Math.max(...prompts.flatMap(({prompt, negativePrompt}) => [model.chunks(prompt), model.chunks(negativePrompt)]));
	const negative = model.encodePrompts(prompts.map(({negativePrompt}) => negativePrompt), chunks);
	const positive = model.encodePrompts(prompts.map(({prompt}) => prompt), chunks);

	const shape = {count: prompts.length, height, width};
	await model.predictions.prepare(model.predictionShape({negative, positive}, shape));
	let latents: Float32Array = start.map(value => value * sampler.initialNoiseScale);
	for (const [i, timestep] of sampler.timesteps.entries()) {
		const output = model.predict(sampler.scaleInput(latents, i), timestep, {negative, positive}, {...shape, guidance});
		latents = sampler.step(output, latents, i, sampler.needsNoise ? noiseAt(i) : undefined);
		onProgress?.((i + 1) / sampler.timesteps.length);
		await breathe?.();
	}
	return latents;
}

function joined(parts: readonly Float32Array[]): Float32Array {
	const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}
