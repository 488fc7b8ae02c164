import {expect, test} from 'vitest';
import {differences} from '../../../src/tui/compare/differences.ts';

test('settings that differ are named with both values, those of a concept by its number', () => {
	const one = {version: 1, name: 'a', learningRate: 1e-4, samplePrompts: ['x', 'y'], concepts: [{instancePrompt: 'sks dog'}], ema: true};
	const other = {version: 1, name: 'b', learningRate: 5e-5, samplePrompts: ['x'], concepts: [{instancePrompt: 'sks cat'}, {instancePrompt: 'zwx car'}], ema: true, seed: 7};
	expect(differences(one, other)).toEqual([
		{key: 'learningRate', values: ['0.0001', '0.00005']},
		{key: 'samplePrompts', values: ['["x","y"]', '["x"]']},
		{key: 'concepts.1.instancePrompt', values: ['sks dog', 'sks cat']},
		{key: 'concepts.2.instancePrompt', values: [undefined, 'zwx car']},
		{key: 'seed', values: [undefined, '7']},
	]);
});

test('runs with equal settings differ in nothing, and a config that is no object has none', () => {
	expect(differences({a: [1], b: {c: 2}}, {b: {c: 2}, a: [1]})).toEqual([]);
	expect(differences(undefined, {})).toEqual([]);
});
