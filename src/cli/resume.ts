import type {Command} from 'commander';
import {findRun, isHeld, readRun, sendCommand} from '../train/protocol/index.ts';
import {exitCodes} from './exit-codes.ts';
import {withRun} from './run-argument.ts';
import {say, showRun, withView, type ViewOptions} from './watch.ts';

export function declare(command: Command): void {
	withView(withRun(command)).action(async (wanted: string, options: ViewOptions) => {
		const run = findRun(wanted);
		if (isHeld(run)) {
			const {ok, message} = await sendCommand(run.folder, {type: 'resume'});
			say(message);
			if (!ok) {
				process.exitCode = exitCodes.run;
				return;
			}
		} else {
			const {requireRuntime} = await import('./require-runtime.ts');
			const {continueRun} = await import('../train/index.ts');
			requireRuntime();
			await continueRun(run);
		}

		await showRun(readRun(run.folder), options);
	});
}
