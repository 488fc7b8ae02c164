import {expect, it} from 'vitest';
import {fuzzConfigFiles} from './config-files.ts';
import {judge} from './judge.ts';
import {fuzzWeightFiles} from './weight-files.ts';

it('1,600 wrong safetensors are refused with words, at once, within the memory that they take on the disk', async () => {
	expect(await fuzzWeightFiles({from: 0, count: 1600})).toEqual([]);
});

it('400 wrong configs of models, tokenizers, runs and presets are too', async () => {
	expect(await fuzzConfigFiles({from: 0, count: 400})).toEqual([]);
});

it('an error that is not ours, one without advice, and too much memory are found', async () => {
	expect(await judge(() => void (undefined as unknown as string).length, 0)).toMatch(/^threw TypeError/);
	expect(await judge(() => Promise.reject(Object.assign(new Error('short'), {name: 'WeightsError', action: 'x'})), 0)).toMatch(/says too little/);
	expect(await judge(() => void new Uint8Array(1000), 999)).toMatch(/asked for 1000 bytes/);
	expect(await judge(() => undefined, 0)).toBeUndefined();
});
