import {fixturesFolder, format, passed} from './check.ts';
import {sections} from './sections.ts';

/** `npm run golden`: every check of every section on the folder FIXTURES_DIR, one line each. Exit code 1 when one fails. */
let count = 0;
const failures: string[] = [];
const fail = (line: string) => failures.push(line);

console.log(`Golden checks of ${fixturesFolder}`);
for (const {title, run} of sections) {
	console.log(`\n${title}`);
	const [start, before] = [performance.now(), count];
	try {
		for await (const check of run(fixturesFolder)) {
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
