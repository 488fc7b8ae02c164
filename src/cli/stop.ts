import readline from 'node:readline/promises';
import type {Command} from 'commander';
import {findRun, followEvents, isHeld, latestCheckpoint, readRun, sendCommand, summarizeRun, type Run, type StopWhen} from '../train/protocol/index.ts';
import {exitCodes} from './exit-codes.ts';
import {withRun} from './run-argument.ts';
import {UsageError} from './usage-error.ts';
import {say} from './watch.ts';

interface StopOptions {
	readonly atEpochEnd?: boolean;
	readonly now?: boolean;
	readonly discard?: boolean;
	readonly yes?: boolean;
	readonly wait: boolean;
}

export function declare(command: Command): void {
	withRun(command)
		.option('--at-epoch-end', 'train to the end of the epoch, then save and end')
		.option('--now', 'without saving: the last checkpoint stays')
		.option('--discard', 'without saving, and delete the checkpoints of the run; asks first')
		.option('--yes', 'do not ask')
		.option('--no-wait', 'do not wait until it has ended')
		.action(async (wanted: string, options: StopOptions) => {
			const run = findRun(wanted);
			const when = whenOf(options);
			if (when === 'discard' && !options.yes && !await isDiscardMeant(run)) {
				say('Nothing was done.');
				return;
			}

			const {ok, message} = await sendCommand(run.folder, {type: 'stop', when});
			say(message);
			if (!ok) {
				process.exitCode = exitCodes.run;
			} else if (options.wait) {
				await untilEnded(run);
				say(describeEnd(readRun(run.folder)));
			}
		});
}

function whenOf({atEpochEnd, now, discard}: StopOptions): StopWhen {
	const chosen = [...(atEpochEnd ? ['epoch-end'] as const : []), ...(now ? ['now'] as const : []), ...(discard ? ['discard'] as const : [])];
	if (chosen.length > 1) {
		throw new UsageError('--at-epoch-end, --now and --discard are three ways to stop.', 'Give one of them, or none: the run then saves and ends.');
	}

	return chosen[0] ?? 'save';
}

async function isDiscardMeant({folder, record: {id}}: Run): Promise<boolean> {
	if (!process.stdin.isTTY) {
		throw new UsageError(`--discard deletes the checkpoints of run ${id}.`, 'Say that you mean it: --discard --yes');
	}

	const last = latestCheckpoint(folder);
	const terminal = readline.createInterface({input: process.stdin, output: process.stdout});
	try {
		const answer = await terminal.question(`Stop run ${id} and delete ${last ? `its checkpoints, the last of step ${last.step}` : 'what it has trained'}? It cannot be continued. (yes/no) `);
		return /^y(?:es)?$/i.test(answer.trim());
	} finally {
		terminal.close();
	}
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
	if (state !== 'stopped') {
		return `The run has ended: ${state} at step ${step}.`;
	}

	return latestCheckpoint(run.folder) ? `Stopped at step ${step}. Continue it with: dreambooth resume ${id}` : `Stopped at step ${step}. It has no checkpoint; samples and log are in ${run.folder}`;
}
