import {expect, test} from 'vitest';
import {fixturesFolder, format, passed} from './check.ts';
import {unetSections} from './unet.ts';

test.each(unetSections)('the UNet agrees with the reference implementation: $title', async section => {
	const checks = [];
	for await (const check of section.run(fixturesFolder)) checks.push(check);
	expect(checks.filter(check => !passed(check)).map(format)).toEqual([]);
	expect(checks.length).toBeGreaterThan(2);
});
