import path from 'node:path';
import {readRun, RunError} from './protocol/index.ts';
import {Supervisor} from './supervise.ts';

/** What a runner tells whoever started it, once. */
export type RunnerMessage = {readonly type: 'ready'} | {readonly type: 'refused'; readonly name: string; readonly message: string; readonly action: string};

/** Entry of the detached runner: argument 2 is the run folder, argument 3 the program of the trainer. */
const [, , folder, trainerEntry] = process.argv;
process.title = `dreambooth runner ${path.basename(folder!)}`;

try {
	const supervisor = new Supervisor(readRun(folder!), trainerEntry!);
	// The terminal may go. Being asked to end means to save first.
	process.on('SIGHUP', () => undefined);
	process.on('SIGTERM', () => supervisor.obey({type: 'stop', when: 'save'}));
	process.on('SIGINT', () => supervisor.obey({type: 'stop', when: 'save'}));
	await supervisor.work(() => tellStarter({type: 'ready'}));
} catch (error) {
	console.error(error);
	process.exitCode = 1;
	if (error instanceof RunError) {
		tellStarter({type: 'refused', name: error.name, message: error.message, action: error.action});
	}
}

function tellStarter(message: RunnerMessage): void {
	if (process.connected) {
		// The starter may be gone before it hears this; the run does not depend on it.
		process.send!(message, undefined, undefined, () => {
			if (process.connected) {
				process.disconnect();
			}
		});
	}
}
