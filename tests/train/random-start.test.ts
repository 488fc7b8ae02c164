import fs from 'node:fs';
import path from 'node:path';
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import {readModelFacts} from '../../src/presets/index.ts';
import {checkInputs} from '../../src/train/check-inputs.ts';
import {openModelFiles} from '../../src/train/model-files.ts';
import {openModelFolder, openSafetensors, randomWeights, readStructure} from '../../src/train/weights/index.ts';
import {assetFolder} from '../acceptance/base.ts';
import {changed, filesIn, newFolder, removeFolders, smallConfig, tensorsOf, trainingRun, type RunOptions, type TrainingRun} from './training-run.ts';

/** The demo's model without the weights of its UNet and its text encoder: their configs only. */
let bare: string;
const opened: {close(): Promise<void>}[] = [];
const keep = <T extends {close(): Promise<void>}>(model: T): T => {
	opened.push(model);
	return model;
};

beforeAll(() => {
	bare = path.join(newFolder(), 'bare');
	fs.cpSync(assetFolder, bare, {recursive: true, filter: file => !/(unet|text_encoder)\/.*\.safetensors$/.test(file)});
});
afterEach(async () => {
	for (const model of opened.splice(0)) await model.close();
});
afterAll(removeFolders);

const config = (options: RunOptions = {}) => smallConfig({init: 'random', baseModel: bare, trainTextEncoder: true, ...options});

describe('a run from random weights', () => {
	let run: TrainingRun;
	beforeAll(async () => {
		run = await trainingRun(config({ema: true, proofExport: true, learningRate: 1e-3, textEncoderLearningRate: 1e-3}));
	}, 120_000);

	it('needs no more of what it trains than a config, and writes a whole model', async () => {
		expect(run.outcome.type).toBe('finished');
		expect(filesIn(bare).some(file => /(unet|text_encoder).*safetensors/.test(file))).toBe(false);
		if (run.outcome.type !== 'finished') return;
		const model = keep(await openModelFolder(path.join(run.folder, run.outcome.folder as string)));
		expect([...model.toNormalize]).toEqual([]);
		const own = await model.vae.readFloat32('decoder.conv_in.weight');
		expect(own).toEqual(await keep(await openModelFolder(assetFolder)).vae.readFloat32('decoder.conv_in.weight'));
		const file = keep(await openSafetensors(path.join(run.folder, run.outcome.output)));
		expect(file.metadata.get('modelspec.description')).toBe('UNet and text encoder trained from random weights');
		const [proof] = run.said('proof');
		expect(proof.meanDifference).toBeLessThan(proof.limit);
	});

	it('says what it begins with', () => {
		expect(run.said('log').map(({message}) => message)).toContain(`Base model: the structure of ${bare}; UNet and text encoder begin with random weights, drawn from the seed ${config().seed}`);
	});

	it('moves away from the weights of its seed, by a step at a time', async () => {
		const start = randomWeights('unet', await readStructure(bare), config().seed);
		const name = 'mid_block.resnets.0.conv1.weight';
		const [before, after] = [await start.readFloat32(name), (await run.tensors(1, 'unet.safetensors')).get(name)!];
		const moves = after.map((value, i) => Math.abs(value - before[i]));
		// AdamW's first step is the learning rate, the decay of the weights comes on top.
		expect(Math.max(...moves)).toBeGreaterThan(0.5e-3);
		expect(Math.max(...moves)).toBeLessThan(1.1e-3);
	});

	it('goes on from its checkpoint as if nothing had happened, and is another with another seed', async () => {
		const continued = await trainingRun(config({ema: true, proofExport: true, learningRate: 1e-3, textEncoderLearningRate: 1e-3}), {checkpoint: run.checkpoint(2)});
		for (const file of ['unet', 'text_encoder', 'unet.ema']) expect(changed(await continued.tensors(3, `${file}.safetensors`), await run.tensors(3, `${file}.safetensors`)), file).toEqual([]);
		const other = await trainingRun(config({seed: 2, maxSteps: 1}));
		const name = 'text_model.embeddings.token_embedding.weight';
		const [a, b] = [await other.tensors(1, 'text_encoder.safetensors'), await run.tensors(1, 'text_encoder.safetensors')].map(tensors => tensors.get(name)!);
		expect(a.length).toBe(b.length);
		expect(a.filter((value, i) => Math.abs(value - b[i]) > 0.005).length).toBeGreaterThan(a.length / 2);
	}, 120_000);
});

describe('what is not trained', () => {
	it('is read, and missed by name', async () => {
		const missing = await checkInputs(config({trainTextEncoder: false}));
		expect(missing).toMatchObject([{level: 'block', key: 'baseModel'}]);
		expect(missing[0].message).toContain(`${path.join(bare, 'text_encoder')} has no model.safetensors`);
		expect(await checkInputs(config())).toEqual([]);
		const model = keep(await openModelFiles({baseModel: assetFolder, random: {seed: 1, networks: ['unet']}}, newFolder()));
		const stored = await tensorsOf(path.join(assetFolder, 'text_encoder', 'model.safetensors'));
		const name = 'text_model.final_layer_norm.weight';
		expect(await model.textEncoder.readFloat32(name)).toEqual(stored.get(name) ?? stored.get(name.replace('text_model.', '')));
		expect(await model.unet.readFloat32('conv_norm_out.bias')).toEqual(new Float32Array(model.unet.get('conv_norm_out.bias').shape[0]));
	});

	it('is everything in a run from the base model, which is refused without the weights', async () => {
		const [problem] = await checkInputs(config({init: 'pretrained'}));
		expect(problem.message).toContain(`${path.join(bare, 'unet')} has no diffusion_pytorch_model.safetensors`);
		await expect(trainingRun(config({init: 'pretrained'}))).rejects.toThrow('has no diffusion_pytorch_model.safetensors');
	});

	it('is not needed to plan the memory', () => {
		expect(readModelFacts(bare).shape).toEqual(readModelFacts(assetFolder).shape);
	});
});
