import type {Command} from 'commander';
import {findRun, followEvents, isHeld, readRun, sendCommand, summarizeRun, type Run} from '../train/protocol/index.ts';
import {exitCodes} from './exit-codes.ts';
import {withRun} from './run-argument.ts';
import {say} from './watch.ts';

export function declare(command: Command): void {
	withRun(command)
		.option('--now', 'without saving: the last checkpoint stays')
		.option('--no-wait', 'do not wait until it has ended')
		.action(async (wanted: string, {now, wait}: {now?: boolean; wait: boolean}) => {
			const run = findRun(wanted);
			const {ok, message} = await sendCommand(run.folder, {type: 'stop', when: now ? 'now' : 'save'});
			say(message);
			if (!ok) {
				process.exitCode = exitCodes.run;
			} else if (wait) {
				await untilEnded(run);
				say(describeEnd(readRun(run.folder)));
			}
		});
}

async function untilEnded({folder}: Run): Promise<void> {
	const over = new AbortController();
	const watch = setInterval(() => {
		if (!isHeld(readRun(folder))) {
			over.abort();
		}
	}, 50);
	for await (const events of followEvents(folder, {signal: over.signal})) {
		for (const event of events) {
			if (event.type === 'warning' && event.time > Date.now() - 60_000) {
				say(`warning: ${event.message}`);
			}
		}
	}

	clearInterval(watch);
}

function describeEnd(run: Run): string {
	const {state, step} = summarizeRun(run);
	const {id} = run.record;
	return state === 'stopped' ? `Stopped at step ${step}. Continue it with: dreambooth resume ${id}` : `The run has ended: ${state} at step ${step}.`;
}
