import {describe, expect, test} from 'vitest';
import {defaultConfig, memoryDeltas, placementOn, planFor, publishedShapes, type Gpu, type ModelFacts, type Placement, type TrainingConfig} from '../../../src/presets/index.ts';

const gibibyte = 2 ** 30;
const gpu: Gpu = {index: 0, name: 'RTX 4090', totalBytes: 24 * gibibyte, usedBytes: 0, freeBytes: 24 * gibibyte, driver: '550', computeCapability: 8.9};
const place = placementOn(gpu);
const model: ModelFacts = {folder: '/sd15', resolution: 512, resolutionMultiple: 64, autoencoderFactor: 8, prediction: 'epsilon', shape: publishedShapes.sd15};
const config: TrainingConfig = {...defaultConfig(), attention: 'full', trainTextEncoder: true, batchSize: 4};
const deltas = (changes: Partial<TrainingConfig> = {}) => memoryDeltas({...config, ...changes}, model, place);

describe('the differences that options make', () => {
	test('are those between the plans', () => {
		const before = planFor(config, model, place).peakBytes;
		for (const {change, bytes} of deltas()) expect(planFor({...config, ...change}, model, place).peakBytes - before, JSON.stringify(change)).toBe(bytes);
	});

	test('name every option once, with its sign, its GiB and its price', () => {
		const texts = deltas().map(({text}) => text);
		expect(texts).toContainEqual(expect.stringMatching(/^Gradient checkpointing: -\d+\.\d GiB, steps take a fifth to a third longer$/));
		expect(texts).toContainEqual(expect.stringMatching(/^Attention in chunks: -\d+\.\d GiB, exact, a little slower$/));
		expect(texts).toContainEqual(expect.stringMatching(/^Batches of 2, 2 of them a step: -\d+\.\d GiB, the same images in each step, slower$/));
		expect(texts).toContainEqual(expect.stringMatching(/^A LoRA instead of the whole model: -\d+\.\d GiB/));
		expect(new Set(texts).size).toBe(texts.length);
	});

	test('name 8-bit AdamW with its price, together with the half precision that it needs', () => {
		expect(deltas({precision: 'bf16'}).map(({text}) => text)).toContainEqual(expect.stringMatching(/^8-bit AdamW: -\d\.\d GiB, about the same speed$/));
		expect(deltas({precision: 'f32'}).find(({key}) => key === 'optimizer')?.change).toEqual({optimizer: 'adamw8bit', precision: 'bf16'});
	});

	test('turn round with the option', () => {
		const back = deltas({gradientCheckpointing: true, attention: 'chunked', trainTextEncoder: false, training: 'lora', optimizer: 'adamw8bit', precision: 'bf16'}).filter(({bytes}) => bytes > 0).map(({key}) => key);
		expect(back).toEqual(expect.arrayContaining(['gradientCheckpointing', 'attention', 'trainTextEncoder', 'training', 'optimizer']));
	});

	test('offer the half precision that the card has, and fused attention only where it is', () => {
		const older = placementOn({...gpu, name: 'T4', computeCapability: 7.5});
		const offered = (place: Placement, changes: Partial<TrainingConfig>) => Object.fromEntries(memoryDeltas({...config, ...changes}, model, place).map(({key, change}) => [key, change]));
		expect(offered(older, {precision: 'f32', attention: 'full'})).toMatchObject({precision: {precision: 'f16'}, attention: {attention: 'chunked'}});
		expect(offered(placementOn(gpu), {precision: 'f32'})).toMatchObject({precision: {precision: 'bf16'}});
		expect(offered(placementOn(gpu), {precision: 'bf16', attention: 'full'})).toMatchObject({attention: {attention: 'fused'}});
	});
});
