import {execFileSync} from 'node:child_process';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');

/** What a script, with imports relative to the project, prints in a process of its own; what else it says is part of the error where it fails. */
export const inFreshProcess = (script: string, environment: NodeJS.ProcessEnv = {}): string =>
	execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {cwd: root, encoding: 'utf8', stdio: 'pipe', env: {...process.env, ...environment}});
