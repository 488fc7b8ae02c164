import {expect, test} from 'vitest';
import {fixturesFolder, format, passed} from './check.ts';
import {safetensorsFiles} from './safetensors.ts';

test('every malformed safetensors file is refused and every legal one read exactly', async () => {
	const checks = [];
	for await (const check of safetensorsFiles.run(fixturesFolder)) checks.push(check);
	expect(checks.filter(check => !passed(check)).map(format)).toEqual([]);
	expect(checks.length).toBeGreaterThan(40);
});
