import path from 'node:path';
import type {Command} from 'commander';
import {findRun, RunError, sendCommand, summarizeRun, type Command as RunCommand, type Run} from '../train/protocol/index.ts';
import {exitCodes} from './exit-codes.ts';
import {say} from './watch.ts';

/** The optional RUN of a verb. */
export const withRun = (command: Command): Command => command.argument('[RUN]', 'id, unique beginning, name or "last"', 'last');

/** Gives a command to a run and says what its runner answers. */
export async function tellRun(wanted: string, command: RunCommand): Promise<void> {
	const {ok, message} = await sendCommand(findRun(wanted).folder, command);
	say(message);
	if (!ok) {
		process.exitCode = exitCodes.run;
	}
}

/** The absolute diffusers folder that a run has made. */
export function weightsOf(run: Run): string {
	const {outputFolder, state} = summarizeRun(run);
	if (outputFolder === undefined) {
		throw new RunError(`Run ${run.record.id} (${state}) has made no diffusers folder to go on from.`, `Let it finish first: dreambooth resume ${run.record.id}`);
	}

	return path.join(run.folder, outputFolder);
}
