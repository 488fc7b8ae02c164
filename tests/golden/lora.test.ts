import {expect, test} from 'vitest';
import {fixturesFolder, format, passed} from './check.ts';
import {lora} from './lora.ts';

test('adapters agree with the reference implementation: outputs, gradients, files, merged weights', async () => {
	const checks = [];
	for await (const check of lora.run(fixturesFolder)) checks.push(check);
	expect(checks.filter(check => !passed(check)).map(format)).toEqual([]);
	expect(checks.length).toBeGreaterThan(10);
});
