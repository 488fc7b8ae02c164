import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {checkConfig, defaultConfig, estimateTrainingMemory, readModelFacts, recommendConfig, resolveBaseModel, type Hardware, type ModelFacts} from '../../src/presets/index.ts';

const gibibyte = 2 ** 30;
const machine = (availableGiB: number, gpu: Hardware['gpu'] = {state: 'no-driver'}): Hardware => ({
	cpu: {model: 'test', cores: 4},
	memory: {totalBytes: 64 * gibibyte, availableBytes: availableGiB * gibibyte},
	disk: {folder: '/', freeBytes: 100 * gibibyte},
	gpu,
});

/** The sizes of SD 1.5. */
const sd15: ModelFacts = {folder: '/sd15', resolution: 512, resolutionMultiple: 64, autoencoderFactor: 8, prediction: 'epsilon', parameters: {unet: 859_520_964, textEncoder: 123_060_480, autoencoder: 83_653_863}};

/** A folder with the configs and the safetensors headers of a model, without the weights. */
const writeModel = async (folder: string): Promise<void> => {
	const parts = [
		['unet', 'diffusion_pytorch_model.safetensors', {sample_size: 64, block_out_channels: [320, 640, 1280, 1280]}, sd15.parameters!.unet],
		['vae', 'diffusion_pytorch_model.safetensors', {block_out_channels: [128, 256, 512, 512]}, sd15.parameters!.autoencoder],
		['text_encoder', 'model.safetensors', {}, sd15.parameters!.textEncoder],
		['scheduler', 'none', {prediction_type: 'epsilon'}, 0],
	] as const;
	for (const [part, file, config, parameters] of parts) {
		await fs.mkdir(path.join(folder, part), {recursive: true});
		await fs.writeFile(path.join(folder, part, part === 'scheduler' ? 'scheduler_config.json' : 'config.json'), JSON.stringify(config));
		const header = Buffer.from(JSON.stringify({__metadata__: {format: 'pt'}, weight: {dtype: 'F16', shape: [parameters], data_offsets: [0, parameters * 2]}}));
		const length = Buffer.alloc(8);
		length.writeBigUInt64LE(BigInt(header.length));
		await fs.writeFile(path.join(folder, part, file), Buffer.concat([length, header]));
	}
};

let folder: string;
beforeAll(async () => {
	folder = await fs.mkdtemp(path.join(os.tmpdir(), 'model-'));
	await writeModel(folder);
});
afterAll(async () => {
	await fs.rm(folder, {recursive: true, force: true});
});

const reasonOf = (available: number, key: string): string | undefined => recommendConfig(machine(available), {baseModel: folder}).reasons.find(reason => reason.key === key)?.reason;

describe('a recommendation', () => {
	test('for the demo is the demo, which fits everywhere', () => {
		const {config, memoryBytes} = recommendConfig(machine(2), {baseModel: 'demo'});
		expect(config).toMatchObject({name: 'demo-robot', maxSteps: 300, gradientCheckpointing: false});
		expect(memoryBytes).toBeLessThan(2 * gibibyte);
	});

	test('takes the resolution that the model was made for, and the subject\'s class images', () => {
		const {config} = recommendConfig(machine(64), {baseModel: folder, subject: 'person'});
		expect(config).toMatchObject({baseModel: folder, resolution: 512, epochs: 150, concepts: [{classImagesPerInstance: 5}]});
	});

	test('spends memory on speed and the text encoder while there is enough', () => {
		expect(recommendConfig(machine(64), {baseModel: folder}).config).toMatchObject({gradientCheckpointing: false, trainTextEncoder: true, cacheLatents: 'ram', precision: 'f32'});
	});

	test('saves in the order of least cost, and says how much', () => {
		const need = estimateTrainingMemory(recommendConfig(machine(64), {baseModel: folder}).config, sd15)! / gibibyte;
		const tight = recommendConfig(machine(need / 0.9 - 0.1), {baseModel: folder}).config;
		expect(tight).toMatchObject({gradientCheckpointing: true, trainTextEncoder: true});
		expect(reasonOf(need / 0.9 - 0.1, 'gradientCheckpointing')).toMatch(/GiB instead of .* GiB/);
		expect(recommendConfig(machine(need / 0.9 - 2), {baseModel: folder}).config).toMatchObject({gradientCheckpointing: true, trainTextEncoder: false});
	});

	test('says when the model does not fit at all', () => {
		expect(reasonOf(8, 'baseModel')).toMatch(/needs about .* GiB to train; 8\.0 GiB are available/);
		expect(reasonOf(64, 'baseModel')).toBeUndefined();
	});

	test('says that a GPU is there and not used, or why it cannot be', () => {
		const present: Hardware['gpu'] = {state: 'present', gpus: [{index: 0, name: 'Tesla T4', totalBytes: 1, usedBytes: 0, freeBytes: 1, driver: '550'}]};
		expect(recommendConfig(machine(64, present), {baseModel: 'demo'}).reasons[0]).toMatchObject({key: 'device', reason: expect.stringContaining('does not use the Tesla T4')});
		expect(recommendConfig(machine(64, {state: 'driver-fails', message: 'version mismatch'}), {baseModel: 'demo'}).reasons[0].reason).toContain('version mismatch');
	});

	test('gives, with a base model, a config that breaks no rule but the ones about the images', () => {
		const {config} = recommendConfig(machine(64), {baseModel: folder, subject: 'style'});
		expect(checkConfig(config, {model: readModelFacts(folder)}).map(({key}) => key)).toEqual(['concepts.0.instanceImages']);
	});

	test('gives a reason only for values that the config has', () => {
		const {config, reasons} = recommendConfig(machine(10), {baseModel: folder});
		for (const {key, value} of reasons) {
			expect(config[key]).toEqual(value);
		}
	});
});

describe('the rough memory estimate', () => {
	test('agrees with the measured SD 1.5 UNet step at 256 pixels (16.7 GB) within a tenth', () => {
		const measured = {...defaultConfig(), resolution: 256, trainTextEncoder: false};
		const unetOnly = {...sd15, parameters: {...sd15.parameters!, textEncoder: 0}};
		expect(Math.abs(estimateTrainingMemory(measured, unetOnly)! / 16.7e9 - 1)).toBeLessThan(0.1);
	});

	test('grows with everything that takes memory', () => {
		const base = {...defaultConfig(), trainTextEncoder: false};
		const bytes = (changes: Partial<typeof base>) => estimateTrainingMemory({...base, ...changes}, sd15)!;
		for (const more of [{batchSize: 2}, {resolution: 768}, {ema: true}, {trainTextEncoder: true}, {attention: 'full'}, {cacheLatents: 'off'}] as const) {
			expect(bytes(more), JSON.stringify(more)).toBeGreaterThan(bytes({}));
		}

		for (const less of [{gradientCheckpointing: true}, {precision: 'bf16'}, {trainUnet: false, trainTextEncoder: true}] as const) {
			expect(bytes(less), JSON.stringify(less)).toBeLessThan(bytes({}));
		}
	});

	test('is not made for a model whose size is unknown', async () => {
		const unknown = await fs.mkdtemp(path.join(os.tmpdir(), 'model-'));
		await fs.cp(resolveBaseModel('demo'), unknown, {recursive: true, filter: source => !source.endsWith('.safetensors')});
		expect(estimateTrainingMemory(defaultConfig(), readModelFacts(unknown))).toBeUndefined();
		await fs.rm(unknown, {recursive: true});
	});
});
