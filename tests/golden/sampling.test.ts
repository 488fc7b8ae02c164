import {expect, test} from 'vitest';
import {fixturesFolder, format, passed} from './check.ts';
import {sampling} from './sampling.ts';

test('a prompt becomes the picture that the reference pipeline makes of it, from a folder and from a single file', async () => {
	const checks = [];
	for await (const check of sampling.run(fixturesFolder)) checks.push(check);
	expect(checks.filter(check => !passed(check)).map(format)).toEqual([]);
	expect(checks.length).toBe(32);
});
