import {chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import {GpuGauge} from '../../../src/train/runtime/index.ts';

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(path.join(os.tmpdir(), 'gauge-'));
	vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
	vi.stubEnv('CUDA_VISIBLE_DEVICES', 'GPU-5d9a');
});
afterEach(() => {
	vi.unstubAllEnvs();
	rmSync(folder, {recursive: true});
});

/** A program in nvidia-smi's place that notes how it was called. */
function smi(card: string, processes: string, exitCode = 0): void {
	const file = path.join(folder, 'nvidia-smi');
	writeFileSync(file, `#!/bin/sh\necho "$@" >> ${folder}/calls\ncase "$1" in *compute-apps*) echo '${processes}';; *) echo '${card}';; esac\nexit ${exitCode}\n`);
	chmodSync(file, 0o755);
}
const calls = () => readFileSync(path.join(folder, 'calls'), 'utf8').trim().split('\n');

describe('the gauge of a GPU', () => {
	it('reads the card that the process was given, and what of it is its own', async () => {
		smi('NVIDIA H200, 20000, 143771, 97, 61, 512.3', `1, 5000\n${process.pid}, 14558`);
		const gauge = new GpuGauge();
		expect(gauge.reading).toBeUndefined();
		await Promise.all([gauge.ask(), gauge.ask()]);
		const mebibyte = 2 ** 20;
		expect(gauge.reading).toEqual({name: 'NVIDIA H200', usedBytes: 20_000 * mebibyte, totalBytes: 143_771 * mebibyte, utilization: 97, temperatureC: 61, powerW: 512.3, ownBytes: 14_558 * mebibyte});
		expect(gauge.peakBytes).toBe(14_558 * mebibyte);
		expect(calls().length).toBe(2);
		for (const call of calls()) expect(call).toContain('--id=GPU-5d9a');
		smi('NVIDIA H200, 9000, 143771, 3, 61, 90', `${process.pid}, 8000`);
		await gauge.ask();
		expect([gauge.reading?.ownBytes, gauge.peakBytes]).toEqual([8000 * mebibyte, 14_558 * mebibyte]);
	});

	it('does without what a card or a container does not tell', async () => {
		smi('Tesla T4, 3000, 15360, [N/A], 40, [Not Supported]', '[Insufficient Permissions]');
		const gauge = new GpuGauge();
		await gauge.ask();
		expect(gauge.reading).toEqual({name: 'Tesla T4', usedBytes: 3000 * 2 ** 20, totalBytes: 15_360 * 2 ** 20, utilization: undefined, temperatureC: 40, powerW: undefined});
		expect(gauge.peakBytes).toBe(3000 * 2 ** 20);
	});

	it('gives up after three failures', async () => {
		smi('Failed to initialize NVML: Driver/library version mismatch', '', 9);
		const gauge = new GpuGauge();
		for (let i = 0; i < 5; i++) await gauge.ask();
		expect(gauge.reading).toBeUndefined();
		expect(calls().length).toBe(6);
	});
});
