import type {Command} from 'commander';
import {findRun, sendCommand, type Command as RunCommand} from '../train/protocol/index.ts';
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
