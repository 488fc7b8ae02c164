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
		// All outputs for the formula's picture, by the recipe's own network in torch.
		const reference = [
			2.5932, 4.6787, 0.215, -1.0011, -0.587, -4.0509, -2.1435, -2.8664, 1.9202, -2.6918, 1.1897, -3.5285,
			-5.8344, -0.3511, -8.309, -3.325, -8.7304, -4.8836, -9.256, -5.1173, -0.0839, -4.7632, -5.4557, 6.3778,
			-2.125, -2.4972, -3.3973, -1.2764, -3.1458, -2.315, -2.1332, -0.9942, -2.2082, -4.4905, 0.1971,
			-6.226, -5.1604, -1.784, -1.2205, -2.2033, -4.0918, 0.7054, -1.8011, 5.6364, 2.3678, -2.1919,
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
