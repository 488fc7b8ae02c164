import {expect, test} from 'vitest';
import {fixturesFolder, format, passed} from './check.ts';
import {formatsWeights} from './formats-weights.ts';

test('weights go from folder to single file and back without a change, under the reference names', async () => {
	const checks = [];
	for await (const check of formatsWeights.run(fixturesFolder)) checks.push(check);
	expect(checks.filter(check => !passed(check)).map(format)).toEqual([]);
	expect(checks.length).toBe(9);
});
