import type {ModelFacts, TrainingConfig} from '../../presets/index.ts';
import {bucketOf, bucketSizes, fewerSizes, imagePrompts, scanFolder, type FolderScan, type Size} from '../data/index.ts';
import {beyond} from '../models/index.ts';
import {differenceHash} from './difference-hash.ts';
import type {Finding} from './finding.ts';
import {inspectionTokenizer} from './inspection-tokenizer.ts';
import {lintImages} from './lint-images.ts';
import {lintTokens} from './lint-tokens.ts';

/** What the training makes of one instance image. */
export interface InspectedImage {
	/** Absolute. */
	readonly file: string;
	/** Index. */
	readonly concept: number;
	/** Pixels of the file as it is shown. */
	readonly original: Size;
	/** The size that it is brought to. */
	readonly bucket: Size;
	/** The size nearest to it, where that is another: too few are used. */
	readonly nearest?: Size;
	/** What it is scaled by; above 1 it is enlarged. */
	readonly scale: number;
	/** The share of the image that is cut off, 0 … 1, and where. */
	readonly cropped: {readonly share: number; readonly from: 'nowhere' | 'left and right' | 'top and bottom'; readonly at: 'center' | 'random'};
	readonly instancePrompt: string;
	readonly classPrompt?: string;
	/** Tokens of the instance prompt, without start and end. */
	readonly tokens: number;
	/** What of the instance prompt is not read; empty when all is. */
	readonly cut: string;
	/** The perceptual hash. */
	readonly hash: bigint;
}

export interface Inspection {
	readonly images: readonly InspectedImage[];
	readonly findings: readonly Finding[];
}

const IMAGES_AT_ONCE = 4;

/**
 * Reads the instance images of a config as a run would, without the engine. The buckets are limited to `maxBuckets` whatever the engine is.
 * @throws DataError for folders without usable images, WeightsError for a model without a tokenizer
 */
export async function inspectImages(config: TrainingConfig, model: Pick<ModelFacts, 'folder' | 'resolutionMultiple'>): Promise<Inspection> {
	const tokenizer = inspectionTokenizer(model.folder);
	const all = config.crop === 'none' ? bucketSizes(config.resolution, model.resolutionMultiple) : [{width: config.resolution, height: config.resolution}];
	const images: InspectedImage[] = [];
	const scans: FolderScan[] = [];
	for (const {instanceImages} of config.concepts) scans.push(await scanFolder(instanceImages));
	const sizes = fewerSizes(scans.flatMap(scan => scan.images), all, config.maxBuckets);
	for (const [concept, each] of config.concepts.entries()) {
		const scan = scans[concept];
		for (let begin = 0; begin < scan.images.length; begin += IMAGES_AT_ONCE) {
			images.push(...(await Promise.all(scan.images.slice(begin, begin + IMAGES_AT_ONCE).map(async ({file, width, height}) => {
				const prompts = await imagePrompts(each, file);
				const original = {width, height};
				const {instancePrompt} = prompts;
				const [bucket, nearest] = [bucketOf(original, sizes), bucketOf(original, all)];
				return {
					file, concept, original, ...fitOf(original, bucket, config.crop), ...(nearest !== bucket && {nearest}), ...prompts,
					tokens: tokenizer.encode(instancePrompt).length, cut: beyond(tokenizer, instancePrompt, config.maxTokenLength), hash: await differenceHash(file),
				};
			}))));
		}
	}
	return {images, findings: [...lintImages(images, scans, config), ...lintTokens(images, config, tokenizer)]};
}

function fitOf(original: Size, bucket: Size, crop: TrainingConfig['crop']): Pick<InspectedImage, 'bucket' | 'scale' | 'cropped'> {
	const [x, y] = [bucket.width / original.width, bucket.height / original.height];
	const from = x === y ? 'nowhere' : x < y ? 'left and right' : 'top and bottom';
	return {bucket, scale: Math.max(x, y), cropped: {share: 1 - Math.min(x, y) / Math.max(x, y), from, at: crop === 'random' ? 'random' : 'center'}};
}
