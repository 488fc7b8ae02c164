import type {Command} from 'commander';
import {findRun} from '../train/protocol/index.ts';
import {withRun} from './run-argument.ts';
import {watchRun, withLook} from './watch.ts';

export function declare(command: Command): void {
	withLook(withRun(command))
		.action(async (wanted: string, look: {plain?: boolean; spoken?: boolean}) => {
			process.exitCode = await watchRun(findRun(wanted), look);
		});
}
