import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {build} from 'esbuild';
import {bundleOptions} from '../../../scripts/bundle-options.mjs';
import {packageRoot, readRun, type Run} from '../../../src/train/protocol/index.ts';

/** Waits until `look` gives something, and gives that back; looks every few milliseconds. */
export async function until<T>(what: string, look: () => T | Promise<T>, limitMs = 20_000): Promise<NonNullable<Exclude<T, false>>> {
	for (const end = Date.now() + limitMs; Date.now() < end;) {
		const found = await look();
		if (found) {
			return found as NonNullable<Exclude<T, false>>;
		}

		await delay(10);
	}

	throw new Error(`Waited ${limitMs} ms in vain until ${what}.`);
}

/** A folder of programs as `npm run build` makes them, with the given source in the trainer's place. Remove it afterwards. */
export async function buildPrograms(entries: Record<string, string>): Promise<string> {
	const cache = path.join(packageRoot(), 'node_modules/.cache');
	fs.mkdirSync(cache, {recursive: true});
	const outdir = fs.mkdtempSync(path.join(cache, 'dreambooth-tests-'));
	await build({...bundleOptions, entryPoints: entries, outdir, logLevel: 'error'});
	return outdir;
}

/** A world of its own for one test: an empty folder of runs, named in the environment. */
export function ownRuns(): {readonly folder: string; remove(): void} {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dreambooth-runs-'));
	const before = process.env.DREAMBOOTH_RUNS;
	process.env.DREAMBOOTH_RUNS = folder;
	return {
		folder,
		remove() {
			if (before === undefined) {
				delete process.env.DREAMBOOTH_RUNS;
			} else {
				process.env.DREAMBOOTH_RUNS = before;
			}

			fs.rmSync(folder, {recursive: true, force: true});
		},
	};
}

/** Ends the processes of a run that a test has left alive, by their ids. */
export async function endProcesses(run: Run): Promise<void> {
	for (const role of ['runner', 'trainer'] as const) {
		const {record} = readRun(run.folder);
		const owner = record[role];
		if (owner) {
			await until(`process ${owner.pid} has ended`, () => !kill(owner.pid));
		}
	}
}

function kill(pid: number): boolean {
	try {
		process.kill(pid, 'SIGKILL');
		return isThere(pid);
	} catch {
		return false;
	}
}

/** Whether a process has this pid and is no zombie. */
export function isThere(pid: number): boolean {
	try {
		return !/^State:\s+[ZX]/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
	} catch {
		return false;
	}
}
