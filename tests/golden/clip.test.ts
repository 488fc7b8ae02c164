import {expect, test} from 'vitest';
import {fixturesFolder, format, passed} from './check.ts';
import {clip} from './clip.ts';

test('the text encoders agree with the reference implementation', async () => {
	const checks = [];
	for await (const check of clip.run(fixturesFolder)) checks.push(check);
	expect(checks.filter(check => !passed(check)).map(format)).toEqual([]);
	expect(checks.length).toBeGreaterThan(50);
});
