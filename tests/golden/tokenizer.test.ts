import {expect, test} from 'vitest';
import {fixturesFolder, format, passed} from './check.ts';
import {tokenizer} from './tokenizer.ts';

test('prompts become exactly the ids of the reference tokenizer', async () => {
	const checks = [];
	for await (const check of tokenizer.run(fixturesFolder)) checks.push(check);
	expect(checks.filter(check => !passed(check)).map(format)).toEqual([]);
	expect(checks.length).toBeGreaterThan(340);
});
