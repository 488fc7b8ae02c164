import {setImmediate} from 'node:timers/promises';
import {expect, test} from 'vitest';
import {atOnce} from '../../src/train/at-once.ts';

test('gives what was made in the order of the items, with no more under way than allowed', async () => {
	let underWay = 0;
	let most = 0;
	const made = await atOnce(Array.from({length: 100}, (_, i) => i), 7, async i => {
		most = Math.max(most, ++underWay);
		for (let turn = 0; turn < (i % 5); turn++) await setImmediate();
		underWay--;
		return i * i;
	});
	expect(made).toEqual(Array.from({length: 100}, (_, i) => i * i));
	expect(most).toBe(7);
});

test('fails with the first that fails', async () => {
	await expect(atOnce([1, 2, 3], 2, async i => {
		if (i === 2) throw new Error('the second');
	})).rejects.toThrow('the second');
});
