import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {asset} from '../../../src/presets/index.ts';
import {AttributeProbe} from '../../../src/train/demo/index.ts';
import {loadRuntime} from '../../../src/train/runtime/index.ts';
import {photo, rainbow} from './pictures.ts';

let probe: AttributeProbe;

beforeAll(async () => {
	loadRuntime();
	probe = await AttributeProbe.load(asset('demo', 'probe.safetensors'), {mode: 'graph'});
});

afterAll(() => probe.dispose());

describe('the attribute probe', () => {
	test('gives a picture the scores of the reference', () => {
		// All outputs for the formula's picture, by bench/world/classifier.py's network in torch 2.11 with the same weights.
		const reference = [
			0.1368, -0.172, -1.1487, -2.223, -1.8069, -0.1075, 1.3522, -2.5394, 5.666, -2.8985, -0.6502, -1.7751,
			-3.8489, -1.43, -8.345, -4.5039, -5.7958, -7.6691, -5.5678, -4.7254, 1.3768, -5.9005, -4.4486, 6.2134,
			1.707, -2.0752, -2.699, -1.389, -1.8645, -0.7563, -3.6045, -2.6891, -5.4987, -3.0438, 0.8921,
			-1.074, -2.3623, -1.7166, -2.526, -0.9999, -2.2375, -0.4255, -2.963, 3.3136, 1.5626, -2.1585,
		];
		const scores = probe.scores([rainbow]);
		expect(scores.length).toBe(reference.length);
		for (const [i, score] of scores.entries()) expect(score).toBeCloseTo(reference[i], 2);
	});

	test('names what the five photos show, alone or together', async () => {
		const photos = await Promise.all([1, 2, 3, 4, 5].map(number => photo(number)));
		const seen = probe.attributes(photos);
		expect(seen.map(({scene}) => scene)).toEqual(['plain', 'grass', 'table', 'plain', 'plain']);
		expect(seen.map(attributes => attributes.class)).toEqual(Array(5).fill('robot'));
		expect([0, 3, 4].map(i => seen[i].ground)).toEqual(['blue', 'yellow', 'gray']);
		expect(probe.attributes([photos[1]])).toEqual([seen[1]]);
	});

	test('refuses a file of other weights, and names a tensor', async () => {
		await expect(AttributeProbe.load(asset('demo', 'base', 'vae', 'diffusion_pytorch_model.safetensors'), {mode: 'graph'})).rejects.toThrow(/f\.0\.weight: expected \[32, 3, 3, 3\], found nothing/);
	});
});
