import {openBaseModel} from './base-model.ts';
import {writePng} from './data/index.ts';
import {adaptersOfFile} from './lora.ts';
import type {SampleImages} from './sample-messages.ts';
import {callsOf, samples} from './sampling.ts';
import type {SamplerName} from './diffusion/index.ts';
import {StableDiffusion} from './stable-diffusion.ts';

/** Makes pictures with a model folder, outside any run. */
export const sampleImages: SampleImages = async ({model: folder, changes, device, precision, lora, images, negativePrompt, sampler, samplingSteps, guidance, width, height, clipSkip = 1, maxTokenLength, padTokens}, tell) => {
	const {folder: modelFolder, engine} = await openBaseModel({baseModel: folder, ...changes}, {device, pixels: width * height});
	const model = await StableDiffusion.open(modelFolder, {...engine, precision, frozenNetworks: ['unet', 'textEncoder', 'vae'], clipSkip, maxTokenLength, padTokens, ...(lora && {adapters: adaptersOfFile(lora.file, {strength: lora.scale})})});
	model.predictions.expect(callsOf(model, images.length, {steps: samplingSteps, width, height}));
	const requests = images.map(({prompt, seed}) => ({prompt, negativePrompt, seed}));
	let index = 0;
	for await (const {prompt, seed, pixels} of samples(model, requests, {sampler: sampler as SamplerName, steps: samplingSteps, guidance, width, height, onProgress: share => tell({type: 'progress', share})})) {
		const {file} = images[index++];
		const facts = {prompt, negativePrompt, seed, sampler, samplingSteps, guidance, width, height, model: folder, ...(lora && {lora: lora.file, loraScale: lora.scale})};
		await writePng(file, {width, height, pixels}, Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, String(value)])));
		tell({type: 'image', file});
	}
};
