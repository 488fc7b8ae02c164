import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {checkConfig, hasBf16, planFor, publishedShapes, readModelFacts, recommendConfig, type Gpu, type Hardware, type ModelFacts, type Recommendation, type TrainingConfig} from '../../src/presets/index.ts';

const gibibyte = 2 ** 30;
const machine = (availableGiB: number, gpu: Hardware['gpu'] = {state: 'no-driver'}): Hardware => ({
	cpu: {model: 'test', cores: 4},
	memory: {totalBytes: 64 * gibibyte, availableBytes: availableGiB * gibibyte},
	disk: {folder: '/', freeBytes: 100 * gibibyte},
	gpu,
});

const facts = (family: 'sd15' | 'sd21'): ModelFacts => ({
	folder: `/${family}`,
	resolution: family === 'sd15' ? 512 : 768,
	resolutionMultiple: 64,
	autoencoderFactor: 8,
	prediction: family === 'sd15' ? 'epsilon' : 'v_prediction',
	shape: publishedShapes[family],
});

/** A folder with the config files of SD 1.5, without weights. */
const writeModel = async (folder: string): Promise<void> => {
	const parts = {
		unet: {sample_size: 64, block_out_channels: [320, 640, 1280, 1280], cross_attention_dim: 768, attention_head_dim: 8},
		vae: {block_out_channels: [128, 256, 512, 512], layers_per_block: 2},
		text_encoder: {hidden_size: 768, intermediate_size: 3072, num_hidden_layers: 12, num_attention_heads: 12},
	};
	for (const [part, config] of Object.entries(parts)) {
		await fs.mkdir(path.join(folder, part), {recursive: true});
		await fs.writeFile(path.join(folder, part, 'config.json'), JSON.stringify(config));
	}

	await fs.mkdir(path.join(folder, 'scheduler'));
	await fs.writeFile(path.join(folder, 'scheduler', 'scheduler_config.json'), JSON.stringify({prediction_type: 'epsilon'}));
};

let folder: string;
beforeAll(async () => {
	folder = await fs.mkdtemp(path.join(os.tmpdir(), 'model-'));
	await writeModel(folder);
});
afterAll(async () => {
	await fs.rm(folder, {recursive: true, force: true});
});

const reasonOf = ({reasons}: Recommendation, key: string): string | undefined => reasons.find(reason => reason.key === key)?.reason;
/** The memory of a machine on which a plan of this size just fits. */
const roomFor = (bytes: number): number => bytes / 0.9 / gibibyte + 0.01;

describe('a recommendation on the CPU', () => {
	const recommend = (availableGiB: number, values: Partial<TrainingConfig> = {}) => recommendConfig(machine(availableGiB), {baseModel: folder, values});

	test('for the demo is the demo, which fits everywhere', () => {
		const {config, memoryBytes, fits} = recommendConfig(machine(2), {baseModel: 'demo'});
		expect(config).toMatchObject({name: 'demo-robot', maxSteps: 200, gradientCheckpointing: false});
		expect(memoryBytes).toBeLessThan(1.5 * gibibyte);
		expect(fits).toBe(true);
	});

	test('takes the resolution that the model was made for, and the subject\'s class images', () => {
		const {config} = recommendConfig(machine(64), {baseModel: folder, subject: 'person'});
		expect(config).toMatchObject({baseModel: folder, resolution: 512, epochs: 150, concepts: [{classImagesPerInstance: 5}]});
	});

	test('spends memory on speed and the text encoder while there is enough', () => {
		const {config, changes, fits} = recommend(64);
		expect(config).toMatchObject({gradientCheckpointing: false, trainTextEncoder: true, attention: 'full', cacheLatents: 'ram', precision: 'f32', training: 'full'});
		expect({changes, fits}).toEqual({changes: [], fits: true});
	});

	test('gives up speed before quality, the least first, and says how much each change saves', () => {
		const need = (values: Partial<TrainingConfig>) => roomFor(planFor({...recommend(64).config, ...values}, readModelFacts(folder), recommend(64).place).peakBytes);
		const chunked = recommend(need({}) - 0.05);
		expect(chunked.config).toMatchObject({attention: 'chunked', gradientCheckpointing: false, trainTextEncoder: true});
		expect(chunked.changes).toMatchObject([{key: 'attention', text: expect.stringMatching(/^Attention in chunks: -\d\.\d GiB, exact/), costsQuality: false}]);
		const checkpointed = recommend(need({attention: 'chunked'}) - 0.05);
		expect(checkpointed.config).toMatchObject({gradientCheckpointing: true, trainTextEncoder: true});
		const frozen = recommend(need({attention: 'chunked', gradientCheckpointing: true}) - 0.05);
		expect(frozen.config).toMatchObject({trainTextEncoder: false, training: 'full'});
		expect(frozen.changes.find(({key}) => key === 'trainTextEncoder')).toMatchObject({costsQuality: true});
		expect(reasonOf(frozen, 'trainTextEncoder')).toMatch(/^Off: there is no room for it/);
		expect(recommend(need({attention: 'chunked', gradientCheckpointing: true, trainTextEncoder: false}) - 0.05).config).toMatchObject({training: 'lora', trainTextEncoder: true});
	});

	test('says when the model does not fit at all, and what it would need', () => {
		const tight = recommend(3);
		expect(tight.fits).toBe(false);
		expect(reasonOf(tight, 'baseModel')).toMatch(/needs about .* GiB to train; 3\.0 GiB of main memory are available/);
		expect(reasonOf(recommend(64), 'baseModel')).toBeUndefined();
	});

	test('says that a GPU is there and not used, or why it cannot be', () => {
		const present = (gpu: Partial<Gpu>): Hardware['gpu'] => ({state: 'present', gpus: [{index: 0, name: 'Tesla T4', totalBytes: 1, usedBytes: 0, freeBytes: 1, driver: '550', ...gpu}]});
		const deviceReason = (gpu: Hardware['gpu']) => recommendConfig(machine(64, gpu), {baseModel: 'demo', device: 'cpu'}).reasons[0].reason;
		expect(deviceReason(present({}))).toContain('Tesla T4');
		expect(deviceReason(present({name: 'RTX 5090', computeCapability: 12}))).toContain('newer than TensorFlow 2.21 knows');
		expect(deviceReason({state: 'driver-fails', message: 'version mismatch'})).toContain('version mismatch');
	});

	test('gives, with a base model, a config that breaks no rule but the ones about the images', () => {
		const {config} = recommendConfig(machine(64), {baseModel: folder, subject: 'style'});
		expect(checkConfig(config, {model: readModelFacts(folder)}).map(({key}) => key)).toEqual(['concepts.0.instanceImages']);
	});

	test('gives a reason only for values that the config has, and always for the three options of the program, on or off', () => {
		for (const available of [4, 10, 16, 64]) {
			const {config, reasons} = recommend(available);
			for (const {key, value} of reasons) expect(config[key]).toEqual(value);
			for (const key of ['precision', 'attention', 'cacheLatents']) expect(reasons.find(reason => reason.key === key)?.reason, key).toMatch(/^(On|Off): /);
		}
	});

	test('keeps what a person insists on', () => {
		expect(recommend(64, {trainTextEncoder: false, resolution: 448}).config).toMatchObject({trainTextEncoder: false, resolution: 448});
	});
});

/** Name, GiB, compute capability. */
const cards: readonly (readonly [string, number, number])[] = [
	['GTX 1650', 4, 7.5], ['GTX 1060', 6, 6.1], ['RTX 2060', 6, 7.5], ['GTX 1080', 8, 6.1], ['RTX 3050', 8, 8.6], ['RTX 3080', 10, 8.6], ['GTX 1080 Ti', 11, 6.1], ['RTX 3060', 12, 8.6], ['T4', 15, 7.5],
	['V100 16GB', 16, 7], ['RTX A4000', 16, 8.6], ['RTX A4500', 20, 8.6], ['P40', 24, 6.1], ['RTX 4090', 24, 8.9], ['V100 32GB', 32, 7], ['A100 40GB', 40, 8], ['RTX A6000', 48, 8.6], ['A100 80GB', 80, 8], ['H100', 80, 9],
	['H100 NVL', 94, 9], ['H200', 141, 9],
];
const gpuOf = ([name, gib, computeCapability]: (typeof cards)[number]): Gpu => ({index: 0, name, totalBytes: gib * gibibyte, usedBytes: 0.3 * gibibyte, freeBytes: (gib - 0.3) * gibibyte, driver: '550.54', computeCapability});

/** Larger is better. A GPU comes first: an hour there is a day on the CPU. */
const qualityOf = ({config, place}: Recommendation): number =>
	(place.device === 'gpu' ? 1000 : 0) + (config.resolution / 64) * 10 + (config.training === 'full' ? 4 : 0) + (config.trainTextEncoder ? 2 : 0);
/** What is not given up, as the options count it. */
const speedOf = ({config}: Recommendation): number => (config.gradientCheckpointing ? 0 : 0.25) + (config.optimizer.endsWith('8bit') ? 0 : 0.12) + (config.attention === 'chunked' ? 0 : 0.1);

describe('for every card from 4 to 141 GiB', () => {
	const tasks = (['sd15', 'sd21'] as const).flatMap(family => ([{}, {trainTextEncoder: false}, {training: 'lora'}] as const).flatMap(values => [512, 768].map(resolution => ({family, values: {...values, resolution}}))));

	test.each(tasks)('$family with $values fits, and is never worse than on the next smaller card', ({family, values}) => {
		const model = facts(family);
		const advised = cards.map(card => ({gpu: gpuOf(card), advice: recommendConfig(machine(60, {state: 'present', gpus: [gpuOf(card)]}), {baseModel: '/model', model, device: 'gpu', values})}));
		for (const [i, {gpu, advice}] of advised.entries()) {
			const {config, plan, place, fits, reasons} = advice;
			expect(fits, gpu.name).toBe(true);
			expect(planFor(config, model, place).peakBytes, gpu.name).toBeLessThanOrEqual(place.usableBytes);
			expect(plan?.peakBytes).toBe(planFor(config, model, place).peakBytes);
			for (const key of ['precision', 'attention', 'cacheLatents']) expect(reasons.find(reason => reason.key === key)?.reason, `${gpu.name} ${key}`).toMatch(/^(On|Off): /);
			const smaller = advised.slice(0, i).filter(other => other.gpu.totalBytes < gpu.totalBytes);
			for (const other of smaller) {
				expect(qualityOf(advice), `${gpu.name} beside ${other.gpu.name}`).toBeGreaterThanOrEqual(qualityOf(other.advice));
				// Without bf16 everything is twice as large, so that a larger old card may have to compute again what a smaller new one keeps.
				if (qualityOf(advice) === qualityOf(other.advice) && hasBf16(other.gpu) === hasBf16(gpu)) expect(speedOf(advice), `${gpu.name} beside ${other.gpu.name}`).toBeGreaterThanOrEqual(speedOf(other.advice));
			}
		}
	});

	test('a card without room for anything leaves it to the CPU, and the reason says so', () => {
		const small = gpuOf(['GTX 1650 of 3 GiB', 3, 7.5]);
		const {config, place, reasons} = recommendConfig(machine(60, {state: 'present', gpus: [small]}), {baseModel: '/model', model: facts('sd15'), device: 'gpu'});
		expect([config.device, place.device]).toEqual(['cpu', 'cpu']);
		expect(reasons[0].reason).toContain('the GTX 1650 of 3 GiB has no room for this model, whatever is saved, with 2.7 GiB free');
	});

	test('of several cards the roomiest is taken, or the one that is asked for', () => {
		const gpus = [gpuOf(['RTX 3050', 8, 8.6]), {...gpuOf(['RTX 4090', 24, 8.9]), index: 1}];
		const advise = (gpu?: string) => recommendConfig(machine(60, {state: 'present', gpus}), {baseModel: '/model', model: facts('sd15'), device: 'gpu', ...(gpu === undefined ? {} : {gpu, values: {gpu}})});
		expect(advise().reasons[0].reason).toContain('RTX 4090, with 23.7 GiB of 24.0 GiB free. There are 2 GPUs; this is GPU 1, with the most free memory.');
		expect(advise('0').config.training).toBe('lora');
		expect(advise('0').reasons[0].reason).toContain('this is GPU 0, as asked for.');
	});

	test('the changes are exact: what was asked, with them, is what is advised', () => {
		for (const card of cards) {
			const advise = (cardOf: typeof card, values = {}) => recommendConfig(machine(60, {state: 'present', gpus: [gpuOf(cardOf)]}), {baseModel: '/model', model: facts('sd15'), device: 'gpu', values});
			const {config, changes, place} = advise(card);
			if (place.device === 'cpu') continue;
			const asked: TrainingConfig = {...advise(['roomy', 141, card[2]]).config};
			expect(changes.reduce((changed, {change}) => ({...changed, ...change}), asked), card[0]).toEqual(config);
		}
	});
});
