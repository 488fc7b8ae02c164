import {expect, test} from 'vitest';
import {fixturesFolder, format, passed} from './check.ts';
import {optimizers} from './optimizers.ts';

test('ten updates of each optimizer agree with the reference implementation', async () => {
	const checks = [];
	for await (const check of optimizers.run(fixturesFolder)) checks.push(check);
	expect(checks.filter(check => !passed(check)).map(format)).toEqual([]);
	const compared = checks.map(({name}) => Number(/of (\d+), worst/.exec(name)?.[1]));
	expect(Math.min(...compared)).toBeGreaterThan(1);
});
