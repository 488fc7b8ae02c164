import {expect, test} from 'vitest';
import {fixturesFolder, format, passed} from './check.ts';
import {autoencoder} from './autoencoder.ts';

test('the autoencoder agrees with the reference implementation, under old and new key names', async () => {
	const checks = [];
	for await (const check of autoencoder.run(fixturesFolder)) checks.push(check);
	expect(checks.filter(check => !passed(check)).map(format)).toEqual([]);
	expect(checks.length).toBeGreaterThan(10);
});
