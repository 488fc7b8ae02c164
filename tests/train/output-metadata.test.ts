import fs from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {parseConfig} from '../../src/presets/index.ts';
import {metadataFor, type DescribedModel} from '../../src/train/output-metadata.ts';
import {openSafetensors} from '../../src/train/weights/index.ts';
import {newFolder, removeFolders, smallConfig, trainingRun, type RunOptions, type TrainingRun} from './training-run.ts';

afterAll(removeFolders);

const first: DescribedModel['folder'] = {textEncoderConfig: {hiddenAct: 'quick_gelu'}, schedulerConfig: {predictionType: 'epsilon'}} as DescribedModel['folder'];
const adapter = {network: 'unet' as const, path: 'x', rank: 8, alpha: 4, down: {shape: [], read: () => new Float32Array()}, up: {shape: [], read: () => new Float32Array()}};
const about = async (settings: RunOptions, model: Partial<DescribedModel> = {}, folder = newFolder()) => metadataFor(folder, 'rex', {folder: first, ...model}, smallConfig(settings));

describe('what a file says of itself', () => {
	it('is nothing when the person wants that', async () => {
		expect(await about({outputMetadata: 'none'}, {modules: [adapter]})).toEqual({});
	});

	it('is its kind and its trigger words, of every concept', async () => {
		const concepts = [{instancePrompt: 'a photo of sks dog'}, {instancePrompt: 'dog', instanceToken: 'zwx'}, {instancePrompt: 'a photo of sks dog'}];
		const said = await about({concepts});
		expect(said).toMatchObject({'modelspec.architecture': 'stable-diffusion-v1', 'modelspec.title': 'rex', 'modelspec.trigger_phrase': 'a photo of sks dog, zwx, dog', 'modelspec.resolution': '32x32'});
		expect(Object.keys(said).filter(key => !key.startsWith('modelspec.'))).toEqual([]);
		expect(await about({concepts: [{instancePrompt: ''}]})).not.toHaveProperty('modelspec.trigger_phrase');
	});

	it('is of a LoRA also what A1111 tells its base model and its size by', async () => {
		const said = await about({training: 'lora', trainTextEncoder: false, loraLearningRate: 2e-4}, {modules: [adapter]});
		expect(said).toMatchObject({'modelspec.architecture': 'stable-diffusion-v1/lora', ss_network_module: 'networks.lora', ss_network_dim: '8', ss_network_alpha: '4', ss_base_model_version: 'sd_v1', ss_v2: 'False', ss_unet_lr: '0.0002', ss_text_encoder_lr: 'None'});
		const velocity = {textEncoderConfig: {hiddenAct: 'gelu'}, schedulerConfig: {predictionType: 'v_prediction'}} as DescribedModel['folder'];
		expect(await about({}, {folder: velocity, modules: [adapter]})).toMatchObject({ss_base_model_version: 'sd_v2_v', ss_v2: 'True'});
	});

	it('is, when all is wanted, the settings to train with again, but no folder and no file', async () => {
		const images = smallConfig().concepts[0].instanceImages;
		const settings = {outputMetadata: 'full', resolution: 64, vae: '/home/rex/secret.safetensors', outputFolder: '/home/rex/models', concepts: [{instanceImages: images, instancePrompt: 'a photo of sks robot'}]} as const;
		const said = await about(settings);
		expect(JSON.stringify(said)).not.toMatch(/\/home\/rex|assets/);
		const recorded = JSON.parse(said.dreambooth_settings) as {readonly concepts: readonly object[]};
		const again = parseConfig({...recorded, baseModel: 'demo', concepts: recorded.concepts.map(concept => ({...concept, instanceImages: images}))});
		expect(again.config).toMatchObject({resolution: 64, maxSteps: 3, concepts: [{instancePrompt: 'a photo of sks robot'}]});
		const count = fs.readdirSync(images, {recursive: true}).filter(name => /\.(png|jpg)$/.test(String(name))).length;
		expect(JSON.parse(said.ss_tag_frequency)).toEqual({'concept 1': {'a photo of sks robot': count}});
		expect(said.ss_num_train_images).toBe(String(count));
		expect(said).not.toHaveProperty('modelspec.thumbnail');
		expect(JSON.stringify(await about({...settings, outputMetadata: 'basic'}))).not.toMatch(/dreambooth_settings|tag_frequency|home/);
	});

	it('shows the first of the newest samples, small', async () => {
		const folder = newFolder();
		fs.mkdirSync(path.join(folder, 'samples'));
		const picture = (name: string, side: number, background: string) => sharp({create: {width: side, height: side, channels: 3, background}}).png().toFile(path.join(folder, 'samples', name));
		await Promise.all([picture('step-000090-0.png', 512, 'black'), picture('step-000100-0.png', 512, 'red'), picture('step-000100-1.png', 512, 'blue')]);
		const {'modelspec.thumbnail': url} = await about({outputMetadata: 'full'}, {}, folder);
		expect(url).toMatch(/^data:image\/jpeg;base64,/);
		const bytes = Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
		const {width, height, format} = await sharp(bytes).metadata();
		expect({width, height, format}).toEqual({width: 256, height: 256, format: 'jpeg'});
		const {channels: [red, , blue]} = await sharp(bytes).stats();
		expect([red.mean > 240, blue.mean < 15]).toEqual([true, true]);
	});
});

describe('the file of a run', () => {
	let run: TrainingRun;
	beforeAll(async () => {
		run = await trainingRun(smallConfig({name: 'toy', maxSteps: 1, training: 'lora', outputMetadata: 'full', samplePrompts: ['a photo of sks robot'], sampleEverySteps: 2}));
	});

	it('shows the last sample, which is made before it', async () => {
		const file = await openSafetensors(path.join(run.folder, 'output/toy.safetensors'));
		await file.close();
		const {metadata} = file;
		expect(metadata.get('modelspec.thumbnail')).toMatch(/^data:image\/jpeg;base64,/);
		expect(metadata.get('ss_network_dim')).toBeDefined();
		expect(run.said('sample').map(({step}) => step)).toContain(1);
	});

	it('comes from a base model that the log names by what it is', () => {
		expect(run.said('log').map(({message}) => message)).toContainEqual(expect.stringMatching(/^Base model: Stable Diffusion of another size \(text states of width \d+\), diffusers folder, fp16, \d/));
	});

	it('is known by its hash in the log', () => {
		expect(run.said('log').map(({message}) => message)).toContainEqual(expect.stringMatching(/^output\/toy\.safetensors: AutoV3 [0-9a-f]{12}, sha256 [0-9a-f]{64}$/));
	});
});
