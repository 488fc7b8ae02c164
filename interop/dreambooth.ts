import {execFileSync} from 'node:child_process';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

export const here = path.dirname(fileURLToPath(import.meta.url));

/** Runs the built program, as people do. */
export function dreambooth(...args: readonly string[]): void {
	execFileSync(process.execPath, [path.join(path.dirname(here), 'dist/cli.js'), ...args], {stdio: ['ignore', 'ignore', 'inherit']});
}
