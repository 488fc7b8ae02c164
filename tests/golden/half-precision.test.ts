import {describe, expect, test} from 'vitest';
import {plain} from './arithmetic.ts';
import {fixturesFolder, format, passed, type Check} from './check.ts';
import {clip} from './clip.ts';
import {unetSections} from './unet.ts';

describe.each(['bf16', 'f16'] as const)('in %s', precision => {
	test.each([unetSections[1], clip])('networks agree with the reference implementation within the rounding of halves: $title', async section => {
		const checks: Check[] = [];
		for await (const check of section.run(fixturesFolder, {...plain, precision})) checks.push(check);
		expect(checks.filter(check => !passed(check)).map(format)).toEqual([]);
		// Halves were computed with.
		expect(Math.max(...checks.map(({worst}) => worst))).toBeGreaterThan(1e-3);
	});
});
