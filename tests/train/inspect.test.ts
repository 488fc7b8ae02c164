import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {asset, defaultConcept, demoConfig, type Concept, type TrainingConfig} from '../../src/presets/index.ts';
import {loadImage} from '../../src/train/data/index.ts';
import {inspectImages, planSteps, saveCrops, type FindingKind} from '../../src/train/inspect/index.ts';

let folder: string;
beforeEach(async () => {
	folder = await fs.mkdtemp(path.join(os.tmpdir(), 'inspect-'));
});
afterEach(async () => fs.rm(folder, {recursive: true, force: true}));

/** A single file of weights has CLIP's own tokenizer. */
const stableDiffusion = async () => {
	const file = path.join(folder, 'model.safetensors');
	await fs.writeFile(file, '');
	return {folder: file, resolutionMultiple: 64};
};
const demo = {folder: asset('demo', 'base'), resolutionMultiple: 8};
const images = () => path.join(folder, 'images');

const photo = async (name: string, {from = 'robot-1.png', width = 64, height = 64}: {from?: string; width?: number; height?: number} = {}) => {
	await fs.mkdir(images(), {recursive: true});
	await sharp(asset('demo', 'photos', from)).resize(width, height, {fit: 'fill'}).toFile(path.join(images(), name));
};
const stripes = async (name: string) => {
	await sharp(Buffer.from(Array.from({length: 64 * 64}, (_, i) => (Math.floor((i % 64) / 8) % 2) * 255)), {raw: {width: 64, height: 64, channels: 1}}).toFile(path.join(images(), name));
};
const config = (concept: Partial<Concept> = {}, changes: Partial<TrainingConfig> = {}): TrainingConfig => ({
	...demoConfig(), resolution: 64, concepts: [{...defaultConcept(), instanceImages: images(), instancePrompt: 'a photo of sks robot', ...concept}], ...changes,
});
const found = async (of: TrainingConfig, kind: FindingKind) => (await inspectImages(of, await stableDiffusion())).findings.filter(finding => finding.kind === kind);
const names = (files: readonly string[]) => files.map(file => path.basename(file));

describe('the table of images', () => {
	test('has the final prompts, the bucket, what is cut off and the tokens', async () => {
		await photo('1-red toy.png', {width: 160, height: 64});
		await fs.writeFile(path.join(images(), '1-red toy.txt'), ' red robot on grass\n');
		const of = config({instancePrompt: 'sks, [filewords]', classPrompt: '[filewords]'});
		const {images: [image]} = await inspectImages(of, await stableDiffusion());
		expect(image).toMatchObject({instancePrompt: 'sks, red robot on grass', classPrompt: 'red robot on grass', tokens: 6, cut: '', bucket: {width: 64, height: 64}, scale: 1, cropped: {from: 'left and right', at: 'center'}});
		expect(image.cropped.share).toBeCloseTo(0.6);
		const {images: [kept]} = await inspectImages({...of, crop: 'none'}, {...(await stableDiffusion()), resolutionMultiple: 8});
		expect(kept.bucket).toEqual({width: 88, height: 40});
	});

	test('has no more buckets than are allowed, and says what an image loses by that', async () => {
		await photo('a.png', {width: 640, height: 640});
		await photo('b.png', {width: 630, height: 640});
		await photo('wide.png', {width: 960, height: 640});
		const of = (maxBuckets: number) => config({}, {crop: 'none', resolution: 512, maxBuckets});
		const bucketsOf = async (limit: number) => (await inspectImages(of(limit), await stableDiffusion())).images.map(({bucket}) => `${bucket.width}x${bucket.height}`);
		expect(await bucketsOf(0)).toEqual(['512x512', '512x512', '576x384']);
		expect(await bucketsOf(2)).toEqual(await bucketsOf(0));
		expect(await bucketsOf(1)).toEqual(['512x512', '512x512', '512x512']);
		const [finding, ...others] = await found(of(1), 'mergedBuckets');
		expect(others).toEqual([]);
		expect(names(finding.files)).toEqual(['wide.png']);
		expect(finding.message).toContain('wide.png loses 33 % in 512x512, in 576x384 it would be 0 %');
		expect(await found(of(2), 'mergedBuckets')).toEqual([]);
	});

	test('finds nothing to object to in the demo', async () => {
		const {images, findings} = await inspectImages(demoConfig(), demo);
		expect(images).toHaveLength(5);
		expect(findings).toEqual([]);
	});
});

describe('the linter', () => {
	test('says exactly what of a long caption is cut', async () => {
		await photo('a.png');
		await fs.writeFile(path.join(images(), 'a.txt'), `${'very '.repeat(74)}small robot`);
		const [{message}] = await found(config({instancePrompt: '[filewords]'}), 'promptTooLong');
		expect(message).toContain('76 tokens and 75 are read. Cut off: "robot".');
		expect(await found(config({instancePrompt: '[filewords]'}, {maxTokenLength: 150}), 'promptTooLong')).toEqual([]);
	});

	test('wants a rare word of one token', async () => {
		await photo('a.png');
		const [split] = await found(config({instancePrompt: 'a photo of xyz123 robot'}), 'splitToken');
		expect(split.message).toContain('"xyz123" (5 tokens)');
		const [ordinary] = await found(config({instancePrompt: 'a photo of a robot'}), 'noRareToken');
		expect(ordinary.message).toContain('"robot" is an ordinary word');
		const good = await inspectImages(config(), await stableDiffusion());
		expect(good.findings).toEqual([]);
	});

	test('finds the subject in the class prompt, and one name for two subjects', async () => {
		await photo('a.png');
		expect(await found(config({classPrompt: 'a photo of sks robot'}), 'tokenInClassPrompt')).toHaveLength(1);
		const [concept] = config().concepts;
		expect(await found(config({}, {concepts: [concept, concept]}), 'sharedToken')).toMatchObject([{concept: 1}]);
	});

	test('finds the same picture in another size and format, and no likeness where there is none', async () => {
		await photo('a.png');
		await photo('b.jpg', {width: 100, height: 100});
		await stripes('c.png');
		const [{files}, ...others] = await found(config(), 'duplicates');
		expect(names(files)).toEqual(['a.png', 'b.jpg']);
		expect(others).toEqual([]);
	});

	test('names enlarged images, mixed orientation, captions without an image and skipped files', async () => {
		await photo('tall.png', {width: 64, height: 96});
		await photo('wide.png', {width: 60, height: 40, from: 'robot-2.png'});
		await fs.writeFile(path.join(images(), 'gone.txt'), 'a robot');
		await fs.writeFile(path.join(images(), 'notes.pdf'), 'no image');
		const {findings} = await inspectImages(config(), await stableDiffusion());
		const of = (kind: FindingKind) => findings.filter(finding => finding.kind === kind).map(({files}) => names(files));
		expect(of('enlarged')).toEqual([['wide.png']]);
		expect(of('mixedOrientation')).toEqual([['tall.png', 'wide.png']]);
		expect(of('captionWithoutImage')).toEqual([['gone.txt']]);
		expect(of('skippedFile')).toEqual([['notes.pdf']]);
		expect(await found(config({}, {crop: 'none'}), 'mixedOrientation')).toEqual([]);
	});
});

describe('the plan of the first steps', () => {
	test('shows every image once in an epoch, the warm-up of the rates, and the end of the text encoder', async () => {
		const of = {...demoConfig(), batchSize: 1, maxSteps: 10, warmupSteps: 4, learningRate: 1e-4, textEncoderLearningRate: 5e-5, textEncoderStepRatio: 0.5};
		const {images} = await inspectImages(of, demo);
		const steps = planSteps(images, of, 99);
		expect(steps).toHaveLength(10);
		expect(new Set(steps.slice(0, 5).flatMap(({microBatches}) => microBatches.flat().map(({file}) => file))).size).toBe(5);
		expect(steps.slice(0, 5).map(({learningRate = 0}) => learningRate * 1e4)).toEqual([0, 0.25, 0.5, 0.75, 1].map(factor => expect.closeTo(factor, 6)));
		expect(steps.map(({textEncoderLearningRate}) => textEncoderLearningRate !== undefined)).toEqual([...Array<boolean>(5).fill(true), ...Array<boolean>(5).fill(false)]);
	});
});

describe('the cropped copies', () => {
	test('hold the pixels that are trained on, and overwrite nothing', async () => {
		await photo('wide.png', {width: 128, height: 64});
		const of = config();
		const {images: inspected} = await inspectImages(of, demo);
		const target = path.join(folder, 'crops');
		const [file] = await saveCrops(inspected, target, of);
		const trained = await loadImage(inspected[0].file, {width: 64, height: 64, crop: 'center'});
		expect(await sharp(file).raw().toBuffer()).toEqual(Buffer.from(trained.map(value => Math.round((value + 1) * 127.5))));
		await expect(saveCrops(inspected, target, of)).rejects.toThrow('nothing is overwritten');
		expect(await fs.readdir(target)).toEqual(['1-wide-64x64.png']);
	});
});
