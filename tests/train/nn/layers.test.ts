import {describe, expect, it} from 'vitest';
import {relativeL2} from '../../golden/check.ts';
import type {CompileOptions} from '../../../src/train/graph/index.ts';
import {differentiate, layers, type Differentiated} from './layers.ts';

const flat = ({gradients}: Differentiated) => [...gradients.values()].flatMap(values => [...values]);

describe.each(layers)('$name', layer => {
	const reference = differentiate(layer, {mode: 'graph'});

	it('has the gradient that its values show', () => {
		const h = 1e-2;
		const measured = (reference.lossAt(h) - reference.lossAt(-h)) / (2 * h);
		expect(Math.abs(reference.slope - measured)).toBeLessThan(2e-2 * Math.max(Math.abs(measured), 1));
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
