import fs from 'node:fs';
import path from 'node:path';
import {identify, isAlive, processIdentitySchema, RunBusyError, type ProcessIdentity} from './protocol/index.ts';

/** How long a lock file may be without the name of its owner, who is just writing it. */
const writingMs = 5000;

/**
 * Makes this process the runner of a run folder, for as long as it lives.
 * Each runner of a run takes the next number, by a file that only one can create; a dead runner's number is left behind.
 * So a stale lock never has to be removed by two at once, which could remove a fresh one.
 * @throws RunBusyError when the runner with the highest number is alive
 */
export function holdRunFolder(folder: string): ProcessIdentity {
	const own = identify(process.pid)!;
	for (;;) {
		const newest = Math.max(0, ...numbers(folder));
		refuseIfHeld(folder, newest);
		try {
			fs.writeFileSync(lockFile(folder, newest + 1), JSON.stringify(own), {flag: 'wx'});
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
				continue;
			}

			throw error;
		}

		for (const number of numbers(folder).filter(number => number <= newest)) {
			fs.rmSync(lockFile(folder, number), {force: true});
		}

		return own;
	}
}

function refuseIfHeld(folder: string, number: number): void {
	const file = lockFile(folder, number);
	const stat = fs.statSync(file, {throwIfNoEntry: false});
	if (!stat) {
		return;
	}

	const owner = readOwner(file);
	if (owner ? isAlive(owner, folder) : Date.now() - stat.mtimeMs < writingMs) {
		const id = path.basename(folder);
		throw new RunBusyError(
			`Run ${id} is already at work${owner ? ` (process ${owner.pid} on ${owner.host})` : ''}.`,
			`Watch it with: dreambooth attach ${id}`,
		);
	}
}

function readOwner(file: string): ProcessIdentity | undefined {
	try {
		return processIdentitySchema.parse(JSON.parse(fs.readFileSync(file, 'utf8')));
	} catch {
		return undefined;
	}
}

const lockFile = (folder: string, number: number) => path.join(folder, `runner-${number}.lock`);

function numbers(folder: string): number[] {
	return fs.readdirSync(folder).flatMap(name => /^runner-(\d+)\.lock$/.exec(name)?.slice(1).map(Number) ?? []);
}
