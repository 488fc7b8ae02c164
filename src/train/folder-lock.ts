import fs from 'node:fs';
import path from 'node:path';
import {identify, isAlive, processIdentitySchema, type ProcessIdentity} from './protocol/index.ts';

/** How long a lock file may be without the name of its owner, who is just writing it. */
const writingMs = 5000;

export interface FolderLock {
	/** This process. */
	readonly owner: ProcessIdentity;
	/** Lets the next one in at once; a process that ends without it leaves a lock that counts for nothing. */
	release(): void;
}

/**
 * Makes this process the one that works in a folder in some role, for as long as it lives.
 * Each owner takes the next number, by a file that only one can create; a dead owner's number is left behind.
 * So a stale lock never has to be removed by two at once, which could remove a fresh one.
 * @throws what `busy` makes of the owner when the one with the highest number is alive; it is undefined while that one is just writing its name
 */
export function lockFolder(folder: string, role: 'runner' | 'setup', busy: (owner: ProcessIdentity | undefined) => Error): FolderLock {
	const owner = identify(process.pid)!;
	const lockFile = (number: number) => path.join(folder, `${role}-${number}.lock`);
	for (;;) {
		const newest = Math.max(0, ...numbers(folder, role));
		refuseIfHeld(folder, lockFile(newest), busy);
		try {
			fs.writeFileSync(lockFile(newest + 1), JSON.stringify(owner), {flag: 'wx'});
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
				continue;
			}

			throw error;
		}

		for (const number of numbers(folder, role).filter(number => number <= newest)) {
			fs.rmSync(lockFile(number), {force: true});
		}

		return {owner, release: () => fs.rmSync(lockFile(newest + 1), {force: true})};
	}
}

function refuseIfHeld(folder: string, file: string, busy: (owner: ProcessIdentity | undefined) => Error): void {
	const stat = fs.statSync(file, {throwIfNoEntry: false});
	if (!stat) {
		return;
	}

	const owner = readOwner(file);
	if (owner ? isAlive(owner, folder) : Date.now() - stat.mtimeMs < writingMs) {
		throw busy(owner);
	}
}

function readOwner(file: string): ProcessIdentity | undefined {
	try {
		return processIdentitySchema.parse(JSON.parse(fs.readFileSync(file, 'utf8')));
	} catch {
		return undefined;
	}
}

function numbers(folder: string, role: string): number[] {
	return fs.readdirSync(folder).flatMap(name => new RegExp(`^${role}-(\\d+)\\.lock$`).exec(name)?.slice(1).map(Number) ?? []);
}
