import path from 'node:path';
import {lockFolder} from './folder-lock.ts';
import {RunBusyError, type ProcessIdentity} from './protocol/index.ts';

/**
 * Makes this process the runner of a run folder, for as long as it lives.
 * @throws RunBusyError when another runner is alive
 */
export function holdRunFolder(folder: string): ProcessIdentity {
	const id = path.basename(folder);
	return lockFolder(folder, 'runner', owner => new RunBusyError(
		`Run ${id} is already at work${owner ? ` (process ${owner.pid} on ${owner.host})` : ''}.`,
		`Watch it with: dreambooth attach ${id}`,
	)).owner;
}
