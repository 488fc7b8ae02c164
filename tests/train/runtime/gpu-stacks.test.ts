import {expect, it} from 'vitest';
import {shrinkStacks} from '../../../src/train/runtime/gpu-stacks.ts';

/** A driver that answers with these codes and writes down what it is asked for. */
function driver({codes = {}, stack = 1024}: {codes?: Record<string, number>; stack?: number} = {}) {
	const calls: string[] = [];
	const koffi = {
		load: (file: string) => ({
			func: (declaration: string) => (...given: unknown[]) => {
				const name = /(\w+)\(/.exec(declaration)![1];
				calls.push([file, name, ...given.filter(value => typeof value !== 'object')].join(' '));
				if (name === 'cuDevicePrimaryCtxRetain') (given[0] as unknown[])[0] = 'context';
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

it('a driver that refuses changes nothing', () => {
	const {koffi, calls} = driver({codes: {cuCtxGetLimit: 1}});
	shrinkStacks(koffi);
	expect(named(calls).at(-1)).toBe('cuCtxPopCurrent_v2');
	shrinkStacks({load: () => { throw new Error('no such library'); }});
});
