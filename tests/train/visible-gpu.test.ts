import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {RunError} from '../../src/train/protocol/index.ts';
import {gpuEnvironment} from '../../src/train/visible-gpu.ts';

const small = '0, NVIDIA GeForce RTX 3060, 12288, 512, 11776, 550.54.14, GPU-5d9a8f2e-1b7c-4a53-9f0e-2c6d8e4b7a10, 8.6';
const free = '1, Tesla T4, 15360, 0, 15360, 550.54.14, GPU-0c4e6b1a-7f3d-4e29-8a5b-9d1f2e3c4b5a, 7.5';
const tooNew = '2, NVIDIA B200, 183359, 0, 183359, 570.12, GPU-77aa0000-0000-4e29-8a5b-9d1f2e3c4b5a, 10.0';

let folder: string;
/** Puts an nvidia-smi on PATH that answers so. */
const machineWith = (...gpus: readonly string[]): void =>
	fs.writeFileSync(path.join(folder, 'nvidia-smi'), `#!/bin/sh\ncase "$1" in\n--query-compute-apps*) ;;\n*) cat <<'END'\n${gpus.join('\n')}\nEND\n;;\nesac\n`, {mode: 0o755});

beforeEach(() => {
	folder = fs.mkdtempSync(path.join(os.tmpdir(), 'visible-gpu-'));
	vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
	vi.stubEnv('CUDA_VISIBLE_DEVICES', undefined);
});
afterEach(() => {
	vi.unstubAllEnvs();
	fs.rmSync(folder, {recursive: true});
});

describe('the trainer sees', () => {
	test('the card with the most free memory of those that it can drive, by its UUID', async () => {
		machineWith(small, free, tooNew);
		expect(await gpuEnvironment({device: 'auto', gpu: 'auto'})).toEqual({CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: 'GPU-0c4e6b1a-7f3d-4e29-8a5b-9d1f2e3c4b5a'});
	});

	test('the card that is asked for, by its number where it has no UUID', async () => {
		machineWith(small, '1, Tesla T4, 15360, 0, 15360, 550.54.14, [N/A], 7.5');
		expect(await gpuEnvironment({device: 'gpu', gpu: '0'})).toMatchObject({CUDA_VISIBLE_DEVICES: 'GPU-5d9a8f2e-1b7c-4a53-9f0e-2c6d8e4b7a10'});
		expect(await gpuEnvironment({device: 'gpu', gpu: '1'})).toEqual({CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: '1'});
	});

	test('no card when it is to train on the CPU, or can drive none', async () => {
		machineWith(tooNew);
		expect(await gpuEnvironment({device: 'auto', gpu: 'auto'})).toEqual({CUDA_VISIBLE_DEVICES: '-1'});
		machineWith(free);
		expect(await gpuEnvironment({device: 'cpu', gpu: 'auto'})).toEqual({CUDA_VISIBLE_DEVICES: '-1'});
	});

	test('one of the cards that its environment leaves', async () => {
		machineWith(small, free);
		vi.stubEnv('CUDA_VISIBLE_DEVICES', '0');
		expect(await gpuEnvironment({device: 'auto', gpu: 'auto'})).toMatchObject({CUDA_VISIBLE_DEVICES: 'GPU-5d9a8f2e-1b7c-4a53-9f0e-2c6d8e4b7a10'});
		await expect(gpuEnvironment({device: 'auto', gpu: '1'})).rejects.toThrow('There is no GPU 1; there is GPU 0 (NVIDIA GeForce RTX 3060).');
		vi.stubEnv('CUDA_VISIBLE_DEVICES', 'MIG-1');
		expect(await gpuEnvironment({device: 'auto', gpu: 'auto'})).toEqual({});
	});

	test('what it finds by itself where nvidia-smi does not tell', async () => {
		fs.writeFileSync(path.join(folder, 'nvidia-smi'), '#!/bin/sh\necho failed\nexit 9\n', {mode: 0o755});
		expect(await gpuEnvironment()).toEqual({});
		await expect(gpuEnvironment({device: 'auto', gpu: '1'})).rejects.toSatisfy((error: unknown) => error instanceof RunError && error.message.includes('The NVIDIA driver does not work: failed') && error.action.includes('--gpu auto'));
	});
});
