import {expect, test} from 'vitest';
import {fixturesFolder, format, passed} from './check.ts';
import {training} from './training.ts';

test('three training steps of every kind agree with the reference loop: losses, gradients, parameters, averages', {timeout: 180_000}, async () => {
	const checks = [];
	for await (const check of training.run(fixturesFolder)) checks.push(check);
	expect(checks.filter(check => !passed(check)).map(format)).toEqual([]);
	const variants = new Set(checks.map(({name}) => name.split(':')[0]));
	expect(variants.size).toBe(12);
});
