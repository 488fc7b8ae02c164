import {expect, test} from 'vitest';
import {fixturesFolder, format, passed} from './check.ts';
import {images} from './images.ts';

test('images are loaded as the reference implementation loads them', async () => {
	const checks = [];
	for await (const check of images.run(fixturesFolder)) checks.push(check);
	expect(checks.filter(check => !passed(check)).map(format)).toEqual([]);
	expect(checks.length).toBeGreaterThan(0);
});
