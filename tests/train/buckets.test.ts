import {cpSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {assetFolder} from '../acceptance/base.ts';
import {prepareTrainingSet} from '../../src/train/training-set.ts';
import {closeModels, demoModel} from './demo-model.ts';
import {difference, newFolder, removeFolders, smallConfig, tensorsOf, trainingRun, type TrainingRun} from './training-run.ts';

afterAll(closeModels);
afterAll(removeFolders);

/** At 32 pixels the demo model has the buckets 32x32, 32x16 and 16x32. */
describe('a run with buckets', () => {
	let run: TrainingRun;
	const [photos, classImages] = [newFolder(), newFolder()];
	const config = (batchSize: number) => smallConfig({
		crop: 'none', maxBuckets: 1, engine: 'graph', batchSize, gradientAccumulation: 4 / batchSize, maxSteps: 2,
		concepts: [{instanceImages: photos, classImages, classPrompt: 'a photo of a robot', classImagesPerInstance: 1, classSamplingSteps: 2}],
	});

	beforeAll(async () => {
		const source = sharp('assets/demo/photos/robot-1.png');
		for (const [i, [width, height]] of [[100, 100], [90, 100], [200, 100], [210, 100], [100, 190]].entries()) await source.clone().resize(width, height, {fit: 'fill'}).toFile(path.join(photos, `${i}.png`));
		run = await trainingRun(config(4));
	});

	it('that is not compiled by XLA uses all of them, and says how many images each has, and how many class images are needed, there and made', () => {
		const logged = run.said('log').map(({message}) => message);
		expect(logged).toContain('Instance images by bucket: 32x32 (2), 32x16 (2), 16x32 (1).');
		expect(logged).toContain('Class images of concept 1: 5 needed, 0 there, 5 to be made (32x32 (2), 32x16 (2), 16x32 (1)).');
	});

	it('uses no more of them than are allowed, and says which images went where', async () => {
		const said: string[] = [];
		const {concepts: [concept], ...settings} = config(1);
		const limited = {...settings, maxBuckets: 2, concepts: [{...concept, classImages: newFolder()}]};
		const {instance, classImages: made} = await prepareTrainingSet(limited, await demoModel(), {warn() {}, tell: message => said.push(message), scanning() {}, progress() {}, breathe: async () => undefined});
		expect(said).toContain('Instance images by bucket: 32x32 (3), 32x16 (2).');
		expect(said).toContain('No more than 2 buckets are used (maxBuckets): images go from 16x32 into 32x32 (1).');
		expect(made.map(({width, height}) => `${width}x${height}`).sort()).toEqual(instance.map(({width, height}) => `${width}x${height}`).sort());
	});

	it('keeps to as many as it began with when it is resumed', async () => {
		const checkpoint = path.join(newFolder(), 'step-000001');
		cpSync(run.checkpoint(1), checkpoint, {recursive: true});
		const position = path.join(checkpoint, 'position.json');
		writeFileSync(position, JSON.stringify({...JSON.parse(readFileSync(position, 'utf8')), maxBuckets: 3}));
		const resumed = await trainingRun(config(4), {checkpoint});
		expect(resumed.outcome).toMatchObject({type: 'finished'});
		expect(JSON.parse(readFileSync(path.join(resumed.checkpoint(2), 'position.json'), 'utf8'))).toMatchObject({maxBuckets: 3});
	});

	it('makes class images of the size of each', async () => {
		const sizes = await Promise.all(readdirSync(classImages).map(async name => sharp(path.join(classImages, name)).metadata()));
		expect(sizes.map(({width, height}) => `${width}x${height}`).sort()).toEqual(['16x32', '32x16', '32x16', '32x32', '32x32']);
	});

	it('learns the same whether the images of a step go through the networks one by one or by bucket', async () => {
		const base = await tensorsOf(`${assetFolder}/unet/diffusion_pytorch_model.safetensors`);
		const oneByOne = await trainingRun({...config(1), cacheLatents: 'vram'});
		expect(oneByOne.said('log').map(({message}) => message)).toContain('Class images of concept 1: 5 needed, 5 there, 0 to be made.');
		expect(difference(await oneByOne.tensors(2, 'unet.safetensors'), await run.tensors(2, 'unet.safetensors'), base)).toBeLessThan(1e-2);
		oneByOne.said('step').forEach(({loss, instanceLoss, priorLoss}, i) => {
			const other = run.said('step')[i];
			expect([loss! / other.loss!, instanceLoss! / other.instanceLoss!, priorLoss! / other.priorLoss!].every(ratio => Math.abs(ratio - 1) < 1e-4)).toBe(true);
		});
	});

	it('uses all class images that are there when asked to, and names the buckets without any', async () => {
		const own = newFolder();
		for (const i of [1, 2, 3]) await sharp('assets/demo/photos/robot-1.png').resize(100 - 5 * i, 90).toFile(path.join(own, `${i}.png`));
		const {concepts: [concept], ...settings} = config(1);
		const all = await trainingRun({...settings, maxSteps: 1, classMatching: 'all', concepts: [{...concept, classImages: own}]});
		expect(all.said('log').map(({message}) => message)).toContain('Class images of concept 1: all 3 of the folder are used.');
		expect(all.said('warning').map(({message}) => message)).toContain('Concept 1 has no class images in the buckets 32x16 (2), 16x32 (1): the images there are trained without prior preservation.');
		expect(all.said('plan')[0]).toMatchObject({instanceImages: 5, classImages: 3});
		expect(readdirSync(own)).toHaveLength(3);
	});
});
