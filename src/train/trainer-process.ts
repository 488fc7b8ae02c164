import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {formatProblems, isBlocking, parseConfig} from '../presets/index.ts';
import {savingsSchema} from './memory-ladder.ts';
import {namedIfOutOfMemory} from './out-of-memory.ts';
import {commandSchema, describeFailure, latestCheckpoint, readRun, RunError, type Command} from './protocol/index.ts';
import type {CommandQueue, Outcome, Session, Train} from './session.ts';
import type {TrainerMessage} from './trainer-messages.ts';

/**
 * The life of a trainer process around `train`: argument 2 is the run folder, the channel to the runner carries
 * events out and commands in. It ends after one outcome.
 */
export async function runTrainer(train: Train): Promise<void> {
	const folder = path.resolve(process.argv[2] ?? '.');
	const commands = new Commands();
	listen(commands);
	preferForOutOfMemory();
	await tell(await conclude(folder, commands, train));
	// Threads of native code must not keep a finished process alive.
	process.exit();
}

async function conclude(folder: string, commands: Commands, train: Train): Promise<TrainerMessage> {
	try {
		return await train(openSession(folder, commands)) satisfies Outcome;
	} catch (caught) {
		console.error(caught);
		const error = namedIfOutOfMemory(caught);
		return {type: 'failed', ...describeFailure(error, {
			next: `Set that right and continue with: dreambooth resume ${path.basename(folder)}`,
			evidence: `the end of ${path.join(folder, 'log.txt')}`,
		})};
	}
}

function openSession(folder: string, commands: CommandQueue): Session {
	const {record} = readRun(folder);
	const {config: written, problems} = parseConfig(record.config);
	if (!written) {
		throw new RunError(`The config in ${path.join(folder, 'run.json')} is not valid:\n${formatProblems(problems.filter(isBlocking))}`, 'Mend what is named above, or start a new run.');
	}

	const config = {...written, ...savingsSchema.parse(record.savings ?? {})};
	const checkpoint = latestCheckpoint(folder)?.folder;
	return {
		runId: record.id,
		runFolder: folder,
		config,
		commands,
		emit(event) {
			void tell({type: 'event', event});
		},
		...(checkpoint !== undefined && {checkpoint}),
		...(record.furtherFrom !== undefined && {furtherFrom: record.furtherFrom}),
	};
}

/** Everything that asks this process to do something: the runner, signals, and the runner's death. */
function listen(commands: Commands): void {
	const stop = () => commands.add({type: 'stop', when: 'save'});
	process.on('message', message => commands.add(commandSchema.parse(message)));
	process.on('disconnect', stop);
	process.on('SIGTERM', stop);
	process.on('SIGINT', stop);
	process.on('SIGHUP', () => undefined);
}

/** Resolves when the message is on its way. Without a runner there is nobody to tell: the checkpoint on disk says enough. */
async function tell(message: TrainerMessage): Promise<void> {
	if (process.connected) {
		await Promise.race([
			new Promise<void>(resolve => process.send!(message, undefined, undefined, () => resolve())),
			delay(10_000),
		]);
	}
}

/** When the system runs out of memory it is this process that must go, not the runner that saves the day. */
function preferForOutOfMemory(): void {
	try {
		fs.writeFileSync('/proc/self/oom_score_adj', '500');
	} catch {
		// Not everywhere may a process say this of itself; nothing depends on it.
	}
}

class Commands implements CommandQueue {
	readonly #waiting: Command[] = [];
	#called?: (command: Command) => void;

	add(command: Command): void {
		const called = this.#called;
		this.#called = undefined;
		if (called) {
			called(command);
		} else {
			this.#waiting.push(command);
		}
	}

	take(): Command | undefined {
		return this.#waiting.shift();
	}

	async wait(): Promise<Command> {
		return this.take() ?? new Promise(resolve => {
			this.#called = resolve;
		});
	}
}
