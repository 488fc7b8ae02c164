import {describe, expect, it} from 'vitest';
import {relativeL2} from '../../golden/check.ts';
import type {CompileOptions} from '../../../src/train/graph/index.ts';
import {differentiate, layers, type Differentiated} from './layers.ts';

const flat = ({gradients}: Differentiated) => [...gradients.values()].flatMap(values => [...values]);

describe.each(layers)('$name', layer => {
	const reference = differentiate(layer, {mode: 'graph'});

	it.each([...reference.gradients.keys()])('has the gradient of %s that its values show', name => {
		const h = 1e-2;
		const measured = (reference.lossAt(name, h) - reference.lossAt(name, -h)) / (2 * h);
		// A slope along a random direction is of the size of the gradient's norm.
		const size = Math.hypot(...(reference.gradients.get(name) as Float32Array));
		expect(Math.abs(reference.slope(name) - measured)).toBeLessThan(2e-2 * size);
	});

	it.each<[string, CompileOptions]>([
		['eagerly', {mode: 'eager'}],
		['compiled by XLA', {mode: 'xla'}],
		['with checkpointing', {mode: 'graph', checkpointing: true}],
		['with checkpointing under XLA', {mode: 'xla', checkpointing: true}],
		['with attention in chunks', {mode: 'graph', attention: 'chunked', attentionChunkBytes: 200}],
		['with attention in chunks under XLA', {mode: 'xla', attention: 'chunked', attentionChunkBytes: 200}],
	])('gives the same numbers %s', (_, options) => {
		const other = differentiate(layer, options);
		expect(relativeL2(other.output, reference.output)).toBeLessThan(1e-5);
		expect(relativeL2(flat(other), flat(reference))).toBeLessThan(1e-5);
	});

	it('is close in bfloat16', () => {
		const half = differentiate(layer, {mode: 'graph', precision: 'bf16'});
		expect(relativeL2(half.output, reference.output)).toBeLessThan(2e-2);
		expect(relativeL2(flat(half), flat(reference))).toBeLessThan(5e-2);
	});
});
