import {expect, test} from 'vitest';
import {fixturesFolder, format, passed} from './check.ts';
import {lrSchedules} from './lr-schedules.ts';

test('learning-rate schedules agree with the reference implementation', async () => {
	const checks = [];
	for await (const check of lrSchedules.run(fixturesFolder)) checks.push(check);
	expect(checks.filter(check => !passed(check)).map(format)).toEqual([]);
	expect(checks.length).toBeGreaterThan(0);
});
