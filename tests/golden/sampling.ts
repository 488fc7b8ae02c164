import path from 'node:path';
import {createSampler, samplers, type SamplerName} from '../../src/train/diffusion/index.ts';
import {denoise} from '../../src/train/sampling.ts';
import {StableDiffusion} from '../../src/train/stable-diffusion.ts';
import {openModelFolder, openSafetensors, openSingleFile, type ModelFolder, type SafetensorsFile} from '../../src/train/weights/index.ts';
import {allowed, inHalves, plain, type Arithmetic} from './arithmetic.ts';
import {largestDifference, relativeL2, type Check, type Section} from './check.ts';
import {readImage, readJson} from './network.ts';

interface FormatsJson {
	readonly prompt: string;
	readonly negative_prompt: string;
	readonly steps: number;
	readonly guidance_scale: number;
	/** Pixels. */
	readonly height: number;
	readonly width: number;
	readonly samplers: Readonly<Record<string, {readonly class: string; readonly timesteps: readonly number[]}>>;
	readonly tolerance: {readonly image_max_abs: number; readonly image_mean_abs: number};
}

/** Of section 5, for the states of a text encoder. */
const STATES_TOLERANCE = 1e-5;
/** Of section 6. */
const TIMESTEPS_TOLERANCE = 5e-3;

/**
 * Of this model of random weights, DDIM clips nearly everything that it predicts to ±1, and then small differences decide on the sign: in f32 its
 * picture is 200 times as far off as that of Euler. In halves it says nothing.
 */
const illConditioned = 'ddim';

/** The images of section 11: prompt to picture, from the folder and from the single file. */
export const sampling: Section = {
	title: '11. formats (images)',
	async *run(fixtures, arithmetic = plain) {
		const folder = path.join(fixtures, 'formats');
		const json = await readJson<FormatsJson>(folder, 'formats.json');
		const reference = await openSafetensors(path.join(folder, 'images.safetensors'));
		const model = await openModelFolder(path.join(folder, 'pipeline'));
		const single = await openSingleFile(path.join(folder, 'single-file.safetensors'), model);
		yield* pictures('folder', model, json, reference, arithmetic);
		yield* pictures('single file', single, json, reference, arithmetic);
		await Promise.all([reference, model, single].map(file => file.close()));
	},
};

async function* pictures(title: string, source: ModelFolder, json: FormatsJson, reference: SafetensorsFile, arithmetic: Arithmetic): AsyncGenerator<Check> {
	const model = await StableDiffusion.open(source, {...arithmetic, clipSkip: 1, frozenNetworks: ['unet', 'textEncoder', 'vae']});
	for (const [name, prompt] of [['prompt', json.prompt], ['negative', json.negative_prompt]] as const) {
		yield {name: `${title}: token ids of "${prompt}"`, worst: largestDifference(model.tokens(prompt), await reference.readInt32(`${name}_ids`)), tolerance: 0};
		yield {name: `${title}: text states of "${prompt}"`, worst: relativeL2(model.encodePrompts([prompt]), await reference.readFloat32(`${name}_states`)), tolerance: allowed(arithmetic, 'output', STATES_TOLERANCE)};
	}

	const start = (await readImage(reference, 'latents')).values;
	const [height, width] = [json.height / model.autoencoderFactor, json.width / model.autoencoderFactor];
	const prompts = [{prompt: json.prompt, negativePrompt: json.negative_prompt}];
	for (const [name, {class: schedulerClass, timesteps}] of Object.entries(json.samplers)) {
		const sampler = samplerOfClass(schedulerClass);
		const {timesteps: found} = createSampler(sampler, source.schedulerConfig, json.steps);
		yield {name: `${title}: ${name}, timesteps (absolute)`, worst: largestDifference(found, timesteps), tolerance: TIMESTEPS_TOLERANCE};
		if (name === illConditioned && inHalves(arithmetic)) continue;
		const latents = await denoise(model, prompts, {sampler, steps: json.steps, guidance: json.guidance_scale, height, width, start, noiseAt: noNoise(name)});
		const image = model.decodeLatents(latents, {count: 1, height, width}).map(value => value / 2 + 0.5);
		const expected = await reference.readFloat32(`image/${name}`);
		yield {name: `${title}: ${name}, largest difference of a pixel`, worst: largestDifference(image, expected), tolerance: allowed(arithmetic, 'pixel', json.tolerance.image_max_abs)};
		yield {name: `${title}: ${name}, mean difference of the pixels`, worst: meanDifference(image, expected), tolerance: allowed(arithmetic, 'pixels', json.tolerance.image_mean_abs)};
	}
	for (const parameters of [model.unet, model.textEncoder, model.vae]) parameters.dispose();
}

function samplerOfClass(schedulerClass: string): SamplerName {
	const found = samplers.find(sampler => sampler.schedulerClass === schedulerClass);
	if (!found) throw new Error(`No sampler follows ${schedulerClass}.`);
	return found.name;
}

/** The stored images come from samplers that draw no noise. */
const noNoise = (name: string) => () => {
	throw new Error(`The fixtures hold no noise for ${name}.`);
};

const meanDifference = (actual: Float32Array, expected: Float32Array): number =>
	actual.length === expected.length ? actual.reduce((sum, value, i) => sum + Math.abs(value - expected[i]), 0) / expected.length : Infinity;
