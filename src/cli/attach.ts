import type {Command} from 'commander';
import {findRun} from '../train/protocol/index.ts';
import {withRun} from './run-argument.ts';
import {watchRun} from './watch.ts';

export function declare(command: Command): void {
	withRun(command)
		.option('--plain', 'plain lines instead of the dashboard')
		.action(async (wanted: string, {plain}: {plain?: boolean}) => {
			process.exitCode = await watchRun(findRun(wanted), {plain});
		});
}
