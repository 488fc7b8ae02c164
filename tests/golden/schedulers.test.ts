import {expect, test} from 'vitest';
import {fixturesFolder, format, passed} from './check.ts';
import {schedulers} from './schedulers.ts';

test('noise schedules and samplers agree with the reference implementation', async () => {
	const failures = [];
	let count = 0;
	for await (const check of schedulers.run(fixturesFolder)) {
		count++;
		if (!passed(check)) failures.push(format(check));
	}
	expect(failures).toEqual([]);
	expect(count).toBeGreaterThan(300);
});
