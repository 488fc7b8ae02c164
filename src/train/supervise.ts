import {spawn, type ChildProcess} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {trainingConfigSchema, type TrainingConfig} from '../presets/index.ts';
import {
	beat, EventLog, eventSchema, heartbeat, identify, isAlive, latestCheckpoint, RunBusyError, RunError, serveControl, writeRun,
	type Command, type StopWhen, type EventBody, type Reply, type Run,
} from './protocol/index.ts';
import {LAST_RESORTS, nextRung, savingsSchema} from './memory-ladder.ts';
import {memoryKills, saysOutOfMemory} from './out-of-memory.ts';
import {holdRunFolder} from './runner-lock.ts';
import {trainerMessageSchema, type TrainerMessage} from './trainer-messages.ts';
import {deathOf, describeDeath} from './native-death.ts';
import {gpuEnvironment} from './visible-gpu.ts';

/** How long a trainer may take to end after it has said its last word, or after it was told to end at once. */
const lastBreathMs = 3000;

/** Attempts in a row that may end in a crash without having reached a new checkpoint. */
const fruitlessAttempts = 2;

type Ending = Exclude<TrainerMessage, {type: 'event'}> | {readonly type: 'died'; readonly cause: string};

/** A stop can be made more hasty, never less. */
const haste: Readonly<Record<StopWhen, number>> = {'epoch-end': 0, save: 1, now: 2, discard: 3};

const stopAnswers: Readonly<Record<StopWhen, string>> = {
	save: 'The run finishes its step, saves a checkpoint and stops.',
	'epoch-end': 'The run trains to the end of this epoch, saves a checkpoint and stops.',
	now: 'The run stops at once; its last checkpoint stays.',
	discard: 'The run stops at once; its checkpoints are deleted, samples and log stay.',
};

/**
 * Works on a run until it has ended: owns its folder, keeps a trainer alive on it, writes down what the trainer says
 * and passes on what the person wants.
 */
export class Supervisor {
	readonly #run: Run;
	readonly #trainerEntry: string;
	readonly #log: EventLog;
	#trainer?: ChildProcess;
	#step = 0;
	/** What the person wants: it outlives a trainer that dies before it has obeyed. */
	#paused = false;
	#stopping?: StopWhen;

	/** @throws RunBusyError when another runner, or a trainer that outlived its runner, is at work on the run */
	constructor(run: Run, trainerEntry: string) {
		const runner = holdRunFolder(run.folder);
		const {trainer, ...record} = run.record;
		if (trainer && isAlive(trainer, run.folder)) {
			throw new RunBusyError(`The trainer of run ${record.id} (process ${trainer.pid}) has outlived its runner and is still saving.`, 'Try again in a moment.');
		}

		this.#run = {folder: run.folder, record: {...record, runner}};
		this.#trainerEntry = trainerEntry;
		this.#log = new EventLog(run.folder, record.createdAt);
	}

	/** @param onReady called when the run can be watched and commanded */
	async work(onReady: () => void): Promise<void> {
		const {folder} = this.#run;
		const control = await serveControl(folder, command => this.obey(command));
		this.#record({socket: control.socket});
		beat(folder);
		const beating = setInterval(() => beat(folder), heartbeat.everyMs);
		this.#say({type: 'phase', phase: 'loading'});
		onReady();
		this.#say(await this.#train());
		clearInterval(beating);
		await control.close();
		this.#log.close();
	}

	/** The answer to a command, which is on its way to the trainer. */
	obey(command: Command): Reply {
		if (this.#stopping && !(command.type === 'stop' && haste[command.when] > haste[this.#stopping])) {
			return {ok: false, message: 'The run is already stopping.'};
		}

		switch (command.type) {
			case 'pause': {
				if (this.#paused) {
					return {ok: false, message: 'The run is already paused.'};
				}

				this.#paused = true;
				return this.#pass(command, 'The run pauses after the step that it is in.');
			}

			case 'resume': {
				if (!this.#paused) {
					return {ok: false, message: 'The run is not paused.'};
				}

				this.#paused = false;
				return this.#pass(command, 'The run continues.');
			}

			case 'stop': {
				this.#stopping = command.when;
				if (command.when === 'now' || command.when === 'discard') {
					this.#killLater();
				}

				return this.#pass(command, stopAnswers[command.when]);
			}

			case 'sample-now': {
				return this.#pass(command, 'Sample images are made after the step that the run is in.');
			}

			case 'checkpoint-now': {
				return this.#pass(command, 'A checkpoint is saved after the step that the run is in.');
			}

			case 'set-sample-prompts': {
				return this.#pass(command, 'The next samples show the new prompts.');
			}

			case 'scale-learning-rate': {
				return this.#pass(command, `The learning rates are multiplied by ${command.factor} from the next step on.`);
			}
		}
	}

	/** Keeps trainers at work until one ends by itself, or until more of them would be no use. Returns the run's last event. */
	async #train(): Promise<EventBody> {
		let fruitless = 0;
		for (;;) {
			const from = this.#checkpointStep();
			const killed = memoryKills();
			const ending = await this.#attempt();
			const outOfMemory =
				ending.type === 'failed' && ending.cause === 'OutOfMemoryError' ? ending.message
				: ending.type === 'died' && (saysOutOfMemory(ending.cause) || memoryKills() !== killed) ? ending.cause
				: undefined;
			if (outOfMemory !== undefined && !this.#stopping) {
				const rung = this.#saveMemory();
				if (rung) {
					this.#step = this.#checkpointStep();
					this.#say({type: 'restarted', cause: `memory ran out; the run goes on with ${rung}`, fromStep: this.#step});
					continue;
				}

				return {type: 'failed', step: this.#step, cause: 'out-of-memory', message: `Memory ran out, and there is nothing left to save without changing the result. ${outOfMemory}`, action: LAST_RESORTS};
			}

			if (ending.type !== 'died') {
				return this.#conclude(ending);
			}

			const reached = this.#checkpointStep();
			if (this.#stopping) {
				if (this.#stopping === 'save' || this.#stopping === 'epoch-end') {
					this.#say({type: 'warning', message: `The trainer died before it had saved. ${ending.cause}`});
				}

				return this.#stopped(reached > 0);
			}

			fruitless = reached > from ? 0 : fruitless + 1;
			if (fruitless >= fruitlessAttempts) {
				return {
					type: 'failed', step: this.#step, cause: 'trainer-died', message: `The trainer died ${fruitless} times in a row without reaching a new checkpoint. ${ending.cause}`,
					action: `Free memory or choose a smaller resolution or batch size, and see the end of ${path.join(this.#run.folder, 'log.txt')}. Continue with: dreambooth resume ${this.#run.record.id}`,
				};
			}

			this.#step = reached;
			this.#say({type: 'restarted', cause: ending.cause, fromStep: reached});
		}
	}

	/** Gives up the next thing that costs memory but not the result; returns what in words, or undefined when nothing is left. */
	#saveMemory(): string | undefined {
		const config = this.#config();
		const before = savingsSchema.parse(this.#run.record.savings ?? {});
		const rung = config && nextRung({...config, ...before});
		if (rung) {
			this.#record({savings: {...before, ...rung.savings}});
		}

		return rung?.words;
	}

	/** Its values alone; the rules between them were checked before the start. Undefined when somebody has damaged it, which the trainer says. */
	#config(): TrainingConfig | undefined {
		return trainingConfigSchema.safeParse(this.#run.record.config).data;
	}

	/** One life of a trainer. */
	async #attempt(): Promise<Ending> {
		let gpu: NodeJS.ProcessEnv;
		try {
			// At each start: another card may be freer by now.
			gpu = await gpuEnvironment(this.#config());
		} catch (error) {
			if (error instanceof RunError) {
				return {type: 'failed', cause: error.name, message: error.message, action: error.action};
			}

			throw error;
		}

		if (this.#stopping) {
			return {type: 'stopped', resumable: this.#checkpointStep() > 0};
		}

		const logFile = path.join(this.#run.folder, 'log.txt');
		const log = fs.openSync(logFile, 'a');
		const spokenBefore = fs.fstatSync(log).size;
		// Threads that read images: Node has four unless it is told otherwise.
		const threads = {UV_THREADPOOL_SIZE: String(Math.max(4, os.availableParallelism()))};
		const trainer = spawn(process.execPath, [this.#trainerEntry, this.#run.folder], {stdio: ['ignore', log, log, 'ipc'], env: {...threads, ...process.env, ...gpu}});
		fs.closeSync(log);
		this.#trainer = trainer;
		this.#record({trainer: trainer.pid === undefined ? undefined : identify(trainer.pid)});
		if (this.#paused) {
			this.#pass({type: 'pause'}, '');
		}

		let ending: Ending | undefined;
		trainer.on('message', message => {
			ending ??= this.#hear(message);
			if (ending) {
				this.#killLater();
			}
		});
		const death = await deathOf(trainer);
		this.#trainer = undefined;
		this.#record({trainer: undefined});
		return ending ?? {type: 'died', cause: describeDeath(death, logFile, spokenBefore)};
	}

	/** Writes an event of the trainer down; gives back how it ended, if that is what it said. */
	#hear(message: unknown): Ending | undefined {
		const said = trainerMessageSchema.safeParse(message).data;
		if (said && said.type !== 'event') {
			return said;
		}

		const event = eventSchema.safeParse({time: 0, ...said?.event}).data;
		if (!event) {
			this.#say({type: 'warning', message: `The trainer said something that is no event: ${JSON.stringify(message)}`});
			return undefined;
		}

		const {time: _, ...body} = event;
		if (body.type === 'step') {
			this.#step = body.step;
		}

		this.#say(body);
		return undefined;
	}

	#conclude(ending: Exclude<Ending, {type: 'died'}>): EventBody {
		switch (ending.type) {
			case 'finished':
			case 'failed': {
				return {...ending, step: this.#step};
			}

			case 'stopped': {
				return this.#stopped(ending.resumable);
			}
		}
	}

	#stopped(resumable: boolean): EventBody {
		if (this.#stopping === 'discard') {
			fs.rmSync(path.join(this.#run.folder, 'checkpoints'), {recursive: true, force: true});
			return {type: 'stopped', step: this.#step, resumable: false};
		}

		return {type: 'stopped', step: resumable ? this.#checkpointStep() : this.#step, resumable};
	}

	#checkpointStep(): number {
		return latestCheckpoint(this.#run.folder)?.step ?? 0;
	}

	#pass(command: Command, message: string): Reply {
		// A trainer that has just died is followed by one that starts from what the runner remembers.
		if (this.#trainer?.connected) {
			this.#trainer.send(command, () => undefined);
		}

		return {ok: true, message};
	}

	#killLater(): void {
		const trainer = this.#trainer;
		setTimeout(() => trainer?.kill('SIGKILL'), lastBreathMs).unref();
	}

	#say(body: EventBody): void {
		this.#log.append(body);
	}

	#record(change: Partial<Run['record']>): void {
		Object.assign(this.#run.record, change);
		writeRun(this.#run);
	}
}
