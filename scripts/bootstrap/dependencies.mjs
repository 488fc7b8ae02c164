import fs from 'node:fs';
import path from 'node:path';
import {Failure, npmFailure} from './failure.mjs';
import {capture} from './processes.mjs';

/** @typedef {{version?: string, integrity?: string, optional?: boolean, os?: string[], cpu?: string[], libc?: string[]}} Locked */

/**
 * Installs what package-lock.json names, with the person's own npm configuration, when it is not there already.
 * @param {string} root
 */
export async function ensureDependencies(root) {
	const wanted = wantedPackages(lockedPackages(path.join(root, 'package-lock.json')));
	if (!areInstalled(root, wanted)) {
		await install(root, [...wanted.keys()]);
	}
}

/**
 * The packages of a lockfile that npm installs here: all, but those that are for other machines or not needed by any that is.
 * @param {Record<string, Locked>} locked
 * @param {{platform: string, arch: string}} machine
 * @returns {Map<string, Locked>} by their folders
 */
export function wantedPackages(locked, {platform, arch} = process) {
	const suits = (list, name) => list === undefined || list.includes(name);
	// Whether an optional package without a word about machines is needed, only npm knows; which C library is here, too.
	const isSure = ({optional, os, cpu, libc}) => !optional || (os !== undefined && cpu !== undefined && libc === undefined && suits(os, platform) && suits(cpu, arch));
	return new Map(Object.entries(locked).filter(([folder, entry]) => folder !== '' && isSure(entry)));
}

/**
 * Whether npm has installed these versions, and their folders are still there.
 * @param {string} root
 * @param {Map<string, Locked>} wanted
 */
export function areInstalled(root, wanted) {
	// npm writes this file last: after an interrupted installation it is missing.
	const installed = lockedPackages(path.join(root, 'node_modules/.package-lock.json'));
	return [...wanted].every(([folder, {version, integrity}]) => {
		const there = installed[folder];
		return there !== undefined && there.version === version && there.integrity === integrity && fs.existsSync(path.join(root, folder));
	});
}

/** @returns {Record<string, Locked>} */
function lockedPackages(file) {
	try {
		return JSON.parse(fs.readFileSync(file, 'utf8')).packages ?? {};
	} catch (error) {
		if (error.code === 'ENOENT' || error instanceof SyntaxError) {
			return {};
		}

		throw error;
	}
}

async function install(root, folders) {
	const show = progress(root, folders);
	try {
		// Developers' tools build the program, and optional packages hold native code: both are needed whatever the configuration says.
		const args = ['ci', '--include=dev', '--include=optional', '--prefer-offline', '--loglevel=error'];
		const {code, output} = await runNpm(args, root);
		show.end();
		if (code !== 0) {
			throw npmFailure(output);
		}
	} finally {
		show.end();
	}

	process.stderr.write(`Installed ${folders.length} packages.\n`);
}

/** The npm that runs this script, else the one on the PATH. */
async function runNpm(args, cwd) {
	const own = process.env.npm_execpath;
	try {
		return own !== undefined && path.basename(own) === 'npm-cli.js' ? await capture(process.execPath, [own, ...args], {cwd}) : await capture('npm', args, {cwd});
	} catch (error) {
		if (error.code === 'ENOENT') {
			throw new Failure('npm is not installed.', 'Install it: it comes with Node (https://nodejs.org), on some systems as a package of its own: sudo apt install npm');
		}

		throw error;
	}
}

/** One line that is rewritten in a terminal; elsewhere a line for every quarter. */
function progress(root, folders) {
	const {stderr} = process;
	const start = performance.now();
	const missing = new Set();
	let last = '';
	const show = () => {
		// npm takes old packages away first: before that they do not count.
		for (const folder of folders) {
			if (!fs.existsSync(path.join(root, folder, 'package.json'))) {
				missing.add(folder);
			}
		}

		const done = [...missing].filter(folder => fs.existsSync(path.join(root, folder, 'package.json'))).length;
		const seconds = (performance.now() - start) / 1000;
		const left = seconds < 2 || done === missing.size ? '' : done > 0 ? `, about ${Math.ceil(seconds * (missing.size / done - 1))} s left` : `, waiting for the registry, ${Math.round(seconds)} s`;
		const line = `Installing dependencies (npm ci): ${done} of ${missing.size} packages${left}`;
		const key = stderr.isTTY ? line : String(Math.floor(4 * done / Math.max(1, missing.size)));
		if (key !== last) {
			last = key;
			stderr.write(stderr.isTTY ? `\r\u001B[K${line.slice(0, (stderr.columns || 80) - 1)}` : `${line}\n`);
		}
	};

	show();
	const timer = setInterval(show, 250);
	return {
		end() {
			clearInterval(timer);
			if (stderr.isTTY && last !== '') {
				stderr.write('\r\u001B[K');
			}

			last = '';
		},
	};
}
