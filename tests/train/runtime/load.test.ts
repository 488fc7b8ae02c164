import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {afterEach, expect, test, vi} from 'vitest';
import {loadRuntime, RuntimeMissingError} from '../../../src/train/runtime/index.ts';

afterEach(() => vi.unstubAllEnvs());

test('who wants the GPU and nothing else is told how to get it, and gets no CPU', () => {
	vi.stubEnv('CUDA_VISIBLE_DEVICES', '-1');
	expect(() => loadRuntime({device: 'gpu'})).toThrow(RuntimeMissingError);
	expect(() => loadRuntime({device: 'gpu'})).toThrow(/not set up for it\. Run: dreambooth setup --gpu$/);
});

test('the GPU build without its libraries names them', () => {
	const home = fs.mkdtempSync(path.join(os.tmpdir(), 'dreambooth-load-'));
	vi.stubEnv('DREAMBOOTH_HOME', home);
	try {
		expect(() => loadRuntime({kind: 'gpu'})).toThrow(/^CUDA cannot be used: \S+tf-2\.21\.0-gpu lacks libcudart\.so\.12, .*dreambooth setup$/);
	} finally {
		fs.rmSync(home, {recursive: true});
	}
});
