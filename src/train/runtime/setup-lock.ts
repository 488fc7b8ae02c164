import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {z} from 'zod';
import {SetupError} from './setup-error.ts';

const ownerSchema = z.object({pid: z.number(), startTicks: z.number()});

/** Lets one set-up work at a time. A lock whose process is gone, or whose pid is now another process, counts for nothing. @throws SetupError */
export async function withSetupLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
	const file = path.join(folder, 'setup.lock');
	take(file);
	try {
		return await work();
	} finally {
		rmSync(file, {force: true});
	}
}

function take(file: string): void {
	const own = JSON.stringify({pid: process.pid, startTicks: startTicks(process.pid)});
	for (let attempt = 0; attempt < 2; attempt++) {
		try {
			writeFileSync(file, own, {flag: 'wx'});
			return;
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
			const owner = ownerOf(file);
			if (owner && startTicks(owner.pid) === owner.startTicks) throw new SetupError(`Another set-up is at work (process ${owner.pid}).`, 'Wait for it to end, then try again.');
			rmSync(file, {force: true});
		}
	}
	throw new SetupError('Another set-up has just begun.', 'Wait for it to end, then try again.');
}

function ownerOf(file: string): z.infer<typeof ownerSchema> | undefined {
	try {
		return ownerSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
	} catch {
		return undefined;
	}
}

/** When the process began, in clock ticks since boot; undefined when there is none. Tells a process from a later one with its pid. */
function startTicks(pid: number): number | undefined {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
		return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
	} catch {
		return undefined;
	}
}
