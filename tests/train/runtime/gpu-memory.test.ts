import {expect, it} from 'vitest';
import {returnUnusedMemory, shrinkStacks} from '../../../src/train/runtime/gpu-memory.ts';

/** A driver that answers with these codes and writes down what it is asked for. */
function driver({codes = {}, stack = 1024}: {codes?: Record<string, number>; stack?: number} = {}) {
	const calls: string[] = [];
	const koffi = {
		load: (file: string) => ({
			func: (declaration: string) => (...given: unknown[]) => {
				const name = /(\w+)\(/.exec(declaration)![1];
				calls.push([file, name, ...given.filter(value => typeof value !== 'object')].join(' '));
				if (name === 'cuDevicePrimaryCtxRetain') (given[0] as unknown[])[0] = 'context';
				if (name === 'cuDeviceGetDefaultMemPool') (given[0] as unknown[])[0] = 'pool';
				if (name === 'cuCtxGetLimit') (given[0] as number[])[0] = stack;
				return codes[name] ?? 0;
			},
		}),
	} as unknown as Parameters<typeof shrinkStacks>[0];
	return {koffi, calls};
}

const named = (calls: readonly string[]) => calls.map(call => call.replace('libcuda.so.1 ', ''));

it('stacks of 1 KiB are made smaller, in the context that TensorFlow uses, and the thread is left as it was', () => {
	const {koffi, calls} = driver();
	shrinkStacks(koffi);
	expect(named(calls)).toEqual(['cuDevicePrimaryCtxRetain 0', 'cuCtxPushCurrent_v2 context', 'cuCtxGetLimit 0', 'cuCtxSetLimit 0 256', 'cuCtxPopCurrent_v2']);
});

it('smaller ones stay', () => {
	const {koffi, calls} = driver({stack: 128});
	shrinkStacks(koffi);
	expect(calls.some(call => call.includes('cuCtxSetLimit'))).toBe(false);
});

it('memory that the pool keeps for nothing goes back when the device has done what was asked of it', () => {
	const {koffi, calls} = driver();
	returnUnusedMemory(koffi);
	expect(named(calls)).toEqual(['cuDevicePrimaryCtxRetain 0', 'cuCtxPushCurrent_v2 context', 'cuCtxSynchronize', 'cuDeviceGetDefaultMemPool 0', 'cuMemPoolTrimTo pool 0', 'cuCtxPopCurrent_v2']);
});

it.each([
	['cuCtxGetLimit', shrinkStacks],
	['cuDeviceGetDefaultMemPool', returnUnusedMemory],
])('a driver that refuses %s changes nothing', (name, ask) => {
	const {koffi, calls} = driver({codes: {[name]: 1}});
	ask(koffi);
	expect(named(calls).slice(-2)).toEqual([expect.stringContaining(name), 'cuCtxPopCurrent_v2']);
	ask({load: () => { throw new Error('no such library'); }});
});
