import {mkdtemp, readFile, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {runNode} from './processes.mjs';

/** Each is one check in the count at the end. */
const first = [
	{title: 'Types', args: ['node_modules/typescript/bin/tsc', '--noEmit']},
	{title: 'Lint', args: ['node_modules/oxlint/bin/oxlint', '--deny-warnings']},
	{title: 'Arrows between rooms', args: ['scripts/check-arrows.mjs']},
];

/**
 * Types, lint, arrows and all tests; goes on after a failure, and counts at the end.
 * @param {string} root
 * @param {string[]} rest for vitest: files to test, for instance
 * @returns {Promise<number>} the exit code
 */
export async function runChecks(root, rest) {
	const failed = [];
	for (const {title, args} of first) {
		process.stdout.write(`${title}\n`);
		if (await runNode(args, {cwd: root}) !== 0) {
			failed.push(title);
		}
	}

	const tests = await runTests(root, rest);
	if (failed.length > 0) {
		process.stdout.write(`Failed: ${failed.join(', ')}\n`);
	}

	const passed = first.length - failed.length + tests.passed;
	const failures = failed.length + tests.failed;
	process.stdout.write(`${passed} passed, ${failures} failed${tests.skipped > 0 ? `, ${tests.skipped} skipped` : ''}\n`);
	return failures === 0 ? 0 : 1;
}

/** @returns {Promise<{passed: number, failed: number, skipped: number}>} */
async function runTests(root, rest) {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'dreambooth-test-'));
	try {
		const report = path.join(folder, 'report.json');
		const code = await runNode(['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...rest], {cwd: root});
		return countTests(code, await readFile(report, 'utf8').then(JSON.parse, () => undefined));
	} finally {
		await rm(folder, {recursive: true, force: true});
	}
}

/**
 * @param {number} code vitest's exit code
 * @param {{numPassedTests: number, numFailedTests: number, numPendingTests: number, testResults: {status: string, assertionResults: unknown[]}[]} | undefined} report its JSON report, where it wrote one
 */
export function countTests(code, report) {
	const {numPassedTests = 0, numFailedTests = 0, numPendingTests = 0, testResults = []} = report ?? {};
	// A file that cannot be loaded has no tests that could fail.
	const unloaded = testResults.filter(({status, assertionResults}) => status === 'failed' && assertionResults.length === 0).length;
	const failed = numFailedTests + unloaded;
	return {passed: numPassedTests, failed: code !== 0 && failed === 0 ? 1 : failed, skipped: numPendingTests};
}
