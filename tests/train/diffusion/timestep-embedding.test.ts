import {expect, test} from 'vitest';
import {timestepEmbedding} from '../../../src/train/diffusion/index.ts';

// Published by the reference implementation's tests: width 64, timesteps 0 … 127, rows 23-25, columns 47-49.
test.each([
	{flipSinToCos: true, frequencyShift: 0, values: [0.3019, 0.228, 0.1716, 0.3146, 0.2377, 0.179, 0.3272, 0.2474, 0.1864]},
	{flipSinToCos: false, frequencyShift: 1, values: [0.9646, 0.9804, 0.9892, 0.9615, 0.9787, 0.9882, 0.9582, 0.9769, 0.9872]},
])('flipSinToCos $flipSinToCos, frequencyShift $frequencyShift', ({values, ...options}) => {
	const table = timestepEmbedding(Array.from({length: 128}, (_, t) => t), 64, options);
	const block = [23, 24, 25].flatMap(row => [...table.subarray(row * 64 + 47, row * 64 + 50)]);
	block.forEach((value, i) => expect(value).toBeCloseTo(values[i], 4));
});

test('an odd width ends in a column of zeros', () => {
	const table = timestepEmbedding([5, 6], 5, {flipSinToCos: true, frequencyShift: 0});
	expect([table[4], table[9]]).toEqual([0, 0]);
	expect(table[0]).toBeCloseTo(Math.cos(5));
});
