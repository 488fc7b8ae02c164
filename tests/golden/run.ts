import {parseArgs} from 'node:util';
import {plain, type Arithmetic} from './arithmetic.ts';
import {fixturesFolder, format, passed} from './check.ts';
import {deviceSections, sections} from './sections.ts';

/**
 * `npm run golden`: every check of every section on the folder FIXTURES_DIR, one line each. Exit code 1 when one fails.
 * With `--precision bf16|f16` or `--engine eager|xla` the sections that compute on the device, in that precision by that engine.
 */
const {values: {precision, engine}} = parseArgs({options: {precision: {type: 'string', default: plain.precision}, engine: {type: 'string', default: plain.mode}}});
const arithmetic: Arithmetic = {precision: oneOf('--precision', precision, ['f32', 'bf16', 'f16']), mode: oneOf('--engine', engine, ['graph', 'xla', 'eager'])};
const isPlain = arithmetic.precision === plain.precision && arithmetic.mode === plain.mode;

let count = 0;
const failures: string[] = [];
const fail = (line: string) => failures.push(line);

console.log(`Golden checks of ${fixturesFolder}`);
if (!isPlain) console.log(`In ${arithmetic.precision} by the engine ${arithmetic.mode}. Left out, as they compute nothing on the device: ${sections.filter(section => !deviceSections.includes(section)).map(({title}) => title).join('; ')}.`);
for (const {title, run} of isPlain ? sections : deviceSections) {
	console.log(`\n${title}`);
	const [start, before] = [performance.now(), count];
	try {
		for await (const check of run(fixturesFolder, arithmetic)) {
			count++;
			console.log(format(check));
			if (!passed(check)) fail(`${title}: ${check.name}`);
		}
		if (count === before) fail(`${title}: nothing was checked`);
	} catch (error) {
		console.log(`FAIL ${title} stopped: ${(error as Error).stack}`);
		fail(`${title}: stopped by an error`);
	}
	console.log(`     ${count - before} checks in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

console.log(failures.length === 0 ? `\nAll ${count} checks passed.` : `\n${failures.length} failures among ${count} checks:\n${failures.map(line => `  ${line}`).join('\n')}`);
process.exitCode = failures.length === 0 ? 0 : 1;

function oneOf<T extends string>(option: string, value: string, known: readonly T[]): T {
	const found = known.find(each => each === value);
	if (found === undefined) throw new Error(`${option} is one of ${known.join(', ')}, not ${value}.`);
	return found;
}
