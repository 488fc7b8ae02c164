import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {correctionKey, correctPlan, cpuProfile, defaultConfig, gpuProfile, planMemory, publishedShapes, readMeasured, writeMeasured, type MemoryConfig, type Placement} from '../../../src/presets/index.ts';

const gibibyte = 2 ** 30;
const shape = publishedShapes.sd15;
const plan = planMemory({...defaultConfig(), batchSize: 4}, shape, {profile: gpuProfile});

describe('a corrected plan', () => {
	test.each([1.2, 0.9])('has the measured peak, %d of the planned one, and the weights and the state that the model has', factor => {
		const corrected = correctPlan(plan, factor * plan.peakBytes);
		expect(corrected.peakBytes).toBeCloseTo(factor * plan.peakBytes, -1);
		expect(corrected.calibrated).toBe(true);
		for (const line of ['weights', 'gradients', 'optimizer'] as const) expect(corrected.lines[line]).toBe(plan.lines[line]);
		for (const {lines, bytes} of corrected.phases) expect(Object.values(lines).reduce((sum, line) => sum + line, 0)).toBeCloseTo(bytes, -1);
	});

	test('is scaled as a whole when less was measured than weights and state alone', () => {
		expect(correctPlan(plan, gibibyte).peakBytes).toBeCloseTo(gibibyte, -1);
	});

	test('is the plan itself when it was right', () => {
		expect(correctPlan(plan, plan.peakBytes).phases.map(({bytes}) => Math.round(bytes))).toEqual(plan.phases.map(({bytes}) => Math.round(bytes)));
	});
});

describe('measured peaks', () => {
	let folder: string;
	beforeEach(async () => {
		folder = path.join(await fs.mkdtemp(path.join(os.tmpdir(), 'measured-')), 'cache');
	});
	afterEach(async () => {
		await fs.rm(path.dirname(folder), {recursive: true, force: true});
	});

	test('are found again under their key only', () => {
		expect(readMeasured(folder, 'a')).toBeUndefined();
		writeMeasured(folder, 'a', 5 * gibibyte);
		writeMeasured(folder, 'b', 6 * gibibyte);
		expect([readMeasured(folder, 'a'), readMeasured(folder, 'b'), readMeasured(folder, 'c')]).toEqual([5 * gibibyte, 6 * gibibyte, undefined]);
	});

	test('that cannot be read are measured again', async () => {
		writeMeasured(folder, 'a', gibibyte);
		await fs.writeFile(path.join(folder, 'measured-memory.json'), '{"a": ');
		expect(readMeasured(folder, 'a')).toBeUndefined();
		writeMeasured(folder, 'a', gibibyte);
		expect(readMeasured(folder, 'a')).toBe(gibibyte);
	});

	test('hold for the same machine and everything that decides about memory, whatever else a config says', () => {
		const place: Placement = {device: 'cpu', name: 'main memory', totalBytes: 64 * gibibyte, availableBytes: gibibyte, usableBytes: gibibyte, profile: cpuProfile, cores: 4};
		const key = (changes: Partial<ReturnType<typeof defaultConfig>>, where = place) => correctionKey({...defaultConfig(), ...changes} satisfies MemoryConfig, {shape}, where);
		expect(key({learningRate: 1, name: 'other', loraRank: 8})).toBe(key({}));
		for (const other of [{resolution: 768}, {batchSize: 2}, {gradientCheckpointing: true}, {trainTextEncoder: false}, {precision: 'bf16'}, {training: 'lora'}] as const) expect(key(other), JSON.stringify(other)).not.toBe(key({}));
		expect(key({}, {...place, totalBytes: 32 * gibibyte})).not.toBe(key({}));
		expect(key({}, {...place, availableBytes: 2})).toBe(key({}));
	});
});
