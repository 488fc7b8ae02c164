import {rmSync} from 'node:fs';
import path from 'node:path';
import {lockFolder} from '../folder-lock.ts';
import {beat, heartbeat} from '../protocol/index.ts';
import {SetupError} from './setup-error.ts';

/**
 * Lets one set-up work at a time, also where machines share the folder. A lock whose process is gone, or whose pid is now another
 * process, counts for nothing.
 * @throws SetupError
 */
export async function withSetupLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
	const lock = lockFolder(folder, 'setup', owner => new SetupError(
		owner ? `Another set-up is at work (process ${owner.pid} on ${owner.host}).` : 'Another set-up has just begun.',
		'Wait for it to end, then try again.',
	));
	beat(folder);
	const beats = setInterval(() => tryBeat(folder), heartbeat.everyMs);
	try {
		return await work();
	} finally {
		clearInterval(beats);
		rmSync(path.join(folder, 'heartbeat'), {force: true});
		lock.release();
	}
}

/** A disk without room for it is named by the work that filled it. */
function tryBeat(folder: string): void {
	try {
		beat(folder);
	} catch {}
}
