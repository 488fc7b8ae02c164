import {expect, test} from 'vitest';
import {inFreshProcess} from '../fresh-process.ts';

/** MiB by which the largest memory of a fresh process grows in one forward and backward pass of attention in chunks of 16 MiB, 8 heads of 16, as a plain graph. */
const growth = (tokens: number): number => Number(inFreshProcess(`
	import {readFileSync} from 'node:fs';
	import {compile} from './src/train/graph/index.ts';
	import {attention, gradients} from './src/train/nn/index.ts';
	const peak = () => Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
	const shape = [1, ${tokens}, 128];
	const spec = {shape, dtype: 'float32'};
	const passes = compile('passes', ({q, k, v, dy}) => {
		const {value, gradients: [dq, dk, dv]} = gradients(() => attention(q, k, v, {heads: 8}), [q, k, v], dy);
		return {value, dq, dk, dv};
	}, {q: spec, k: spec, v: spec, dy: spec}, {mode: 'graph', attention: 'chunked', attentionChunkBytes: 2 ** 24});
	const drawn = () => Float32Array.from({length: ${tokens} * 128}, (_, i) => Math.sin(1.7 * i));
	const before = peak();
	passes.call({q: drawn(), k: drawn(), v: drawn(), dy: drawn()});
	console.log(peak() - before);
`, {TF_NUM_INTEROP_THREADS: '2'}));

test('attention in chunks holds one chunk at a time, forward and backward: 4,096 tokens, whose scores are 512 MiB, take no more than some chunks', () => {
	expect(growth(4096)).toBeLessThan(256);
});
