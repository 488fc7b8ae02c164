import {expect, test} from 'vitest';
import {fixturesFolder, format, passed} from './check.ts';
import {optimizers} from './optimizers.ts';

test('ten updates of each optimizer agree with the reference implementation', async () => {
	const checks = [];
	for await (const check of optimizers.run(fixturesFolder)) checks.push(check);
	expect(checks.filter(check => !passed(check)).map(format)).toEqual([]);
	expect(new Set(checks.map(({name}) => name.split(':')[0])).size).toBe(8);
	const compared = checks.flatMap(({name}) => /of (\d+), worst/.exec(name)?.[1] ?? []).map(Number);
	expect(compared.reduce((sum, count) => sum + count)).toBeGreaterThan(400);
});
