import {createHash} from 'node:crypto';
import {stat} from 'node:fs/promises';
import path from 'node:path';
import type {Concept, TrainingConfig} from '../presets/index.ts';
import type {TrainingImage, TrainingSet} from './batches.ts';
import {imagePrompts, planClassImages, scanFolder, scanWarnings, writeClassImage, type PlannedClassImage} from './data/index.ts';
import {requireRoom} from './disk-room.ts';
import {cacheFolder} from './runtime/index.ts';
import {samples} from './sampling.ts';
import type {StableDiffusion} from './stable-diffusion.ts';

export interface PreparationHooks {
	warn(message: string): void;
	/** Class images there, of those that are needed. */
	progress(done: number, total: number): void;
	/** Awaited often; what it throws ends the preparation, and what was made by then stays for the next time. */
	breathe(): Promise<void>;
}

/** Finds the instance images and makes the class images that are missing. @throws DataError for folders without usable images. */
export async function prepareTrainingSet(config: TrainingConfig, model: StableDiffusion, hooks: PreparationHooks): Promise<TrainingSet> {
	const size = {width: config.resolution, height: config.resolution};
	const instance: TrainingImage[] = [];
	const classImages: TrainingImage[] = [];
	const missing: {concept: Concept; planned: readonly PlannedClassImage[]}[] = [];
	for (const [index, concept] of config.concepts.entries()) {
		const scan = await scanFolder(concept.instanceImages);
		for (const warning of scanWarnings(scan, size)) hooks.warn(warning);
		const prompts = await Promise.all(scan.images.map(({file}) => imagePrompts(concept, file)));
		instance.push(...scan.images.map(({file}, i) => ({file, prompt: prompts[i].instancePrompt, concept: index})));
		if (concept.classImagesPerInstance === 0) continue;

		const plan = await planClassImages({
			folder: concept.classImages ?? (await ownClassFolder(model)),
			wanted: counted(prompts.map(({classPrompt}) => classPrompt ?? ''), concept.classImagesPerInstance),
			recipe: await recipeOf(concept, config, model),
			seed: config.seed,
		});
		classImages.push(...[...plan.existing, ...plan.toGenerate].map(({file, prompt}) => ({file, prompt, concept: index})));
		if (plan.toGenerate.length > 0) missing.push({concept, planned: plan.toGenerate});
	}

	let made = classImages.length - missing.reduce((count, {planned}) => count + planned.length, 0);
	for (const {concept, planned} of missing) {
		requireRoom(path.dirname(planned[0].file), planned.length * size.width * size.height * 3, `${planned.length} class images`);
		hooks.progress(made, classImages.length);
		const requests = planned.map(({prompt, seed}) => ({prompt, negativePrompt: concept.classNegativePrompt ?? '', seed}));
		const options = {...size, sampler: config.sampler, steps: concept.classSamplingSteps, guidance: concept.classGuidance, ...(config.classBatchSize > 0 && {atOnce: config.classBatchSize}), breathe: () => hooks.breathe()};
		let i = 0;
		for await (const {pixels} of samples(model, requests, options)) {
			await writeClassImage(planned[i++], {...size, pixels});
			hooks.progress(++made, classImages.length);
		}
	}
	return {instance, classImages};
}

/** How many class images each distinct prompt needs. */
function counted(prompts: readonly string[], perInstance: number): {prompt: string; count: number}[] {
	const counts = new Map<string, number>();
	for (const prompt of prompts) counts.set(prompt, (counts.get(prompt) ?? 0) + perInstance);
	return [...counts].map(([prompt, count]) => ({prompt, count}));
}

/** Class images that no folder was named for are kept per base model, and serve later runs too. */
const ownClassFolder = async (model: StableDiffusion): Promise<string> => path.join(cacheFolder(), 'class-images', await identityOf(model));

/** What a class image depends on besides its prompt and seed. */
async function recipeOf(concept: Concept, {resolution, sampler, clipSkip}: TrainingConfig, model: StableDiffusion): Promise<string> {
	const {classSamplingSteps, classGuidance, classNegativePrompt = ''} = concept;
	return JSON.stringify({model: await identityOf(model), resolution, sampler, clipSkip, classSamplingSteps, classGuidance, classNegativePrompt});
}

/** Changes when the base model does. Reading gigabytes for a digest would cost a start more than it is worth: path, size and time are enough. */
export async function identityOf({folder}: StableDiffusion): Promise<string> {
	const {size, mtimeMs} = await stat(folder.unet.path);
	return createHash('sha256').update(JSON.stringify([folder.folder, size, mtimeMs])).digest('hex').slice(0, 16);
}
