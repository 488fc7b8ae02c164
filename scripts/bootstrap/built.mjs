import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {Failure} from './failure.mjs';
import {capture} from './processes.mjs';

/** Holds the fingerprint of the sources that dist/ was built from. */
export const builtFile = root => path.join(root, 'dist/.built');

/**
 * Names, sizes and times of all that goes into the build, in one hash.
 * @param {string} root
 */
export function sourcesFingerprint(root) {
	const sources = fs.readdirSync(path.join(root, 'src'), {recursive: true, encoding: 'utf8'}).map(file => path.join('src', file)).sort();
	const hash = createHash('sha256');
	for (const file of ['package-lock.json', 'scripts/build.mjs', 'scripts/bundle-options.mjs', ...sources]) {
		const found = fs.statSync(path.join(root, file), {throwIfNoEntry: false});
		if (found?.isFile()) {
			hash.update(`${file} ${found.size} ${found.mtimeMs}\n`);
		}
	}

	return hash.digest('hex');
}

/**
 * Builds dist/ when the sources have changed since the last time.
 * @param {string} root
 */
export async function ensureBuilt(root) {
	const file = builtFile(root);
	if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === sourcesFingerprint(root)) {
		return;
	}

	process.stderr.write('Building the program.\n');
	const {code, output} = await capture(process.execPath, [path.join(root, 'scripts/build.mjs')], {cwd: root});
	if (code !== 0) {
		throw new Failure(`The program could not be built.\n${output.trim()}`, 'If the sources are as published: npm ci, then try again.');
	}
}
