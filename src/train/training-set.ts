import {createHash} from 'node:crypto';
import {stat} from 'node:fs/promises';
import path from 'node:path';
import type {Concept, TrainingConfig} from '../presets/index.ts';
import {atOnce} from './at-once.ts';
import type {TrainingImage, TrainingSet} from './batches.ts';
import {allClassImages, bucketOf, bucketSizes, fewerSizes, imagePrompts, planClassImages, scanFolder, scanWarnings, sizeName, writeClassImage, type ClassImagePlan, type FolderScan, type PlannedClassImage, type Size} from './data/index.ts';
import {requireRoom} from './disk-room.ts';
import {groupBy} from './group-by.ts';
import {beyond} from './models/index.ts';
import {cacheFolder} from './runtime/index.ts';
import {callsOf, samples} from './sampling.ts';
import type {StableDiffusion} from './stable-diffusion.ts';

export interface PreparationHooks {
	warn(message: string): void;
	/** What was found, for the log. */
	tell(message: string): void;
	/** Files looked at, of all in a folder. */
	scanning(done: number, total: number): void;
	/** Class images there, of those that are needed. */
	progress(done: number, total: number): void;
	/** Awaited often; what it throws ends the preparation, and what was made by then stays for the next time. */
	breathe(): Promise<void>;
}

/**
 * Finds the instance images and makes the class images that are missing. The buckets are limited to `maxBuckets` whatever the engine is.
 * @throws DataError for folders without usable images.
 */
export async function prepareTrainingSet(config: TrainingConfig, model: StableDiffusion, hooks: PreparationHooks): Promise<TrainingSet> {
	const scans: FolderScan[] = [];
	for (const {instanceImages} of config.concepts) {
		scans.push(await scanFolder(instanceImages, {async onLook(done, total) {
			hooks.scanning(done, total);
			await hooks.breathe();
		}}));
	}
	const all = trainingSizes(config, model);
	const sizes = fewerSizes(scans.flatMap(({images}) => images), all, config.maxBuckets);
	const instance: TrainingImage[] = [];
	const classImages: TrainingImage[] = [];
	const missing: {concept: Concept; planned: readonly PlannedClassImage[]}[] = [];
	for (const [index, concept] of config.concepts.entries()) {
		const scan = scans[index];
		for (const warning of scanWarnings(scan, sizes)) hooks.warn(warning);
		const found = await atOnce(scan.images, CAPTIONS_AT_ONCE, async image => ({file: image.file, ...(await imagePrompts(concept, image.file)), ...bucketOf(image, sizes)}));
		for (const {file, instancePrompt, width, height} of found) instance.push({file, prompt: instancePrompt, concept: index, width, height});
		if (concept.classImagesPerInstance === 0) continue;

		const {existing, toGenerate} = await classImagesOf(concept, found.map(({classPrompt = '', ...size}) => ({prompt: classPrompt, ...size})), {config, model, sizes});
		const used = [...existing, ...toGenerate];
		for (const {file, prompt, width, height} of used) classImages.push({file, prompt, concept: index, width, height});
		if (toGenerate.length > 0) missing.push({concept, planned: toGenerate});
		const bySize = sizes.length > 1 && toGenerate.length > 0 ? ` (${countedBySize(toGenerate)})` : '';
		hooks.tell(`Class images of concept ${index + 1}: ${config.classMatching === 'all' ? `all ${used.length} of the folder are used` : `${used.length} needed, ${existing.length} there, ${toGenerate.length} to be made${bySize}`}.`);
		const alone = found.filter(image => !used.some(other => sizeName(other) === sizeName(image)));
		if (alone.length > 0) hooks.warn(`Concept ${index + 1} has no class images in the buckets ${countedBySize(alone)}: the images there are trained without prior preservation.`);
	}
	for (const warning of longPrompts([...instance, ...classImages], model, config)) hooks.warn(warning);
	if (sizes.length > 1) hooks.tell(`Instance images by bucket: ${countedBySize(instance)}.`);
	for (const message of mergedBuckets(scans, {all, sizes})) hooks.tell(message);

	let made = classImages.length - missing.reduce((count, {planned}) => count + planned.length, 0);
	for (const {concept, planned} of missing) {
		requireRoom(path.dirname(planned[0].file), planned.reduce((bytes, {width, height}) => bytes + width * height * 3, 0), `${planned.length} class images`);
		hooks.progress(made, classImages.length);
		for (const ofSize of groupBy(planned, sizeName).values()) {
			const [{width, height}] = ofSize;
			const requests = ofSize.map(({prompt, seed}) => ({prompt, negativePrompt: concept.classNegativePrompt ?? '', seed}));
			const options = {width, height, sampler: config.sampler, steps: concept.classSamplingSteps, guidance: concept.classGuidance, ...(config.classBatchSize > 0 && {atOnce: config.classBatchSize}), breathe: () => hooks.breathe()};
			model.predictions.expect(callsOf(model, requests.length, options));
			let i = 0;
			for await (const {pixels} of samples(model, requests, options)) {
				await writeClassImage(ofSize[i++], {width, height, pixels});
				hooks.progress(++made, classImages.length);
			}
		}
	}
	return {instance, classImages};
}

/** The sizes that images are brought to: a square, or the buckets. */
export function trainingSizes({crop, resolution}: Pick<TrainingConfig, 'crop' | 'resolution'>, model: Pick<StableDiffusion, 'sizeStep'>): readonly Size[] {
	return crop === 'none' ? bucketSizes(resolution, model.sizeStep) : [{width: resolution, height: resolution}];
}

/** Which buckets are not used although images would fall into them. */
function mergedBuckets(scans: readonly FolderScan[], {all, sizes}: {all: readonly Size[]; sizes: readonly Size[]}): string[] {
	const moved = scans.flatMap(({images}) => images).map(image => ({from: bucketOf(image, all), to: bucketOf(image, sizes)})).filter(({from, to}) => from !== to);
	if (moved.length === 0) return [];
	const each = [...groupBy(moved, ({from, to}) => `${sizeName(from)} into ${sizeName(to)}`)].map(([way, {length}]) => `${way} (${length})`);
	return [`No more than ${sizes.length} buckets are used (maxBuckets): images go from ${each.join(', ')}.`];
}

/** The class images of a concept: `prompts` are those of its instance images, with their sizes. */
async function classImagesOf(concept: Concept, prompts: readonly (Size & {readonly prompt: string})[], {config, model, sizes}: {config: TrainingConfig; model: StableDiffusion; sizes: readonly Size[]}): Promise<ClassImagePlan> {
	const folder = concept.classImages ?? (await ownClassFolder(model));
	if (config.classMatching === 'all') {
		const existing = await allClassImages(folder, sizes, async file => (await imagePrompts(concept, file)).classPrompt ?? '');
		return {existing, toGenerate: []};
	}
	const wanted = [...groupBy(prompts, each => JSON.stringify([each.prompt, sizeName(each)])).values()].map(same => ({
		prompt: same[0].prompt, width: same[0].width, height: same[0].height, count: same.length * concept.classImagesPerInstance,
	}));
	const identity = await identityOf(model);
	return planClassImages({folder, wanted, sizes, recipe: size => recipeOf(concept, config, identity, size), seed: config.seed});
}

/** Open at a time. */
const CAPTIONS_AT_ONCE = 64;
const MOST_NAMED = 3;

/** Which prompts are longer than what is read of them, and what is cut. */
function longPrompts(images: readonly TrainingImage[], {tokenizer}: StableDiffusion, {maxTokenLength, samplePrompts}: TrainingConfig): string[] {
	const cut = [...new Set([...images.map(({prompt}) => prompt), ...samplePrompts])].flatMap(prompt => {
		const rest = beyond(tokenizer, prompt, maxTokenLength);
		return rest === '' ? [] : [rest];
	});
	if (cut.length === 0) return [];
	const named = cut.slice(0, MOST_NAMED).map(rest => `"${rest.length > 60 ? `${rest.slice(0, 60)}…` : rest}"`);
	const more = cut.length > MOST_NAMED ? `, and ${cut.length - MOST_NAMED} more` : '';
	const advice = maxTokenLength < 300 ? 'maxTokenLength reads more (up to 300), shorter captions learn better' : 'Shorten them';
	return [`${cut.length} ${cut.length === 1 ? 'prompt is' : 'prompts are'} longer than ${maxTokenLength} tokens. What is cut: ${named.join(', ')}${more}. ${advice}.`];
}

/** 576x384 (3), 512x512 (8) */
const countedBySize = (images: readonly Size[]): string => [...groupBy(images, sizeName)].map(([name, {length}]) => `${name} (${length})`).join(', ');

/** Class images that no folder was named for are kept per base model, and serve later runs too. */
const ownClassFolder = async (model: StableDiffusion): Promise<string> => path.join(cacheFolder(), 'class-images', await identityOf(model));

/** What a class image depends on besides its prompt and seed. */
function recipeOf({classSamplingSteps, classGuidance, classNegativePrompt = ''}: Concept, {sampler, clipSkip, maxTokenLength, padTokens}: TrainingConfig, model: string, size: Size): string {
	const text = {...(maxTokenLength !== 75 && {maxTokenLength}), ...(!padTokens && {padTokens})};
	return JSON.stringify({model, resolution: size.width === size.height ? size.width : sizeName(size), sampler, clipSkip, ...text, classSamplingSteps, classGuidance, classNegativePrompt});
}

/** Changes when the base model does. Reading gigabytes for a digest would cost a start more than it is worth: path, size and time are enough. */
export async function identityOf({folder}: StableDiffusion): Promise<string> {
	const {size, mtimeMs} = await stat(folder.unet.path);
	return createHash('sha256').update(JSON.stringify([folder.folder, size, mtimeMs])).digest('hex').slice(0, 16);
}
