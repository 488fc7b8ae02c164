import {spawn, type ChildProcess} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {setTimeout as delay} from 'node:timers/promises';
import type {TrainingConfig} from '../presets/index.ts';
import {createRun, isAlive, isHeld, packageRoot, readRun, RunBusyError, RunError, summarizeRun, type Run} from './protocol/index.ts';
import type {RunnerMessage} from './runner.ts';

/** How long a trainer whose runner was killed may take to save what it has. */
const lastSaveMs = 60_000;

export interface RunRequest {
	/** Paths in it are absolute: the run may be resumed from anywhere. */
	readonly config: TrainingConfig;
	/** Absolute diffusers folder to begin with instead of the base model. */
	readonly furtherFrom?: string;
	/** The machine in words. */
	readonly hardware?: string;
}

/** Makes a run and starts its runner, which goes on when this process ends. Resolves when the run can be watched and commanded. */
export async function startRun({config, ...about}: RunRequest): Promise<Run> {
	const {version} = JSON.parse(fs.readFileSync(path.join(packageRoot(), 'package.json'), 'utf8')) as {version: string};
	const run = createRun({name: config.name, config, versions: {dreambooth: version, node: process.version}, ...about});
	await startRunner(run.folder);
	return readRun(run.folder);
}

/**
 * Starts a new runner on a run that has ended before its last step, or whose runner died: it continues from the last checkpoint.
 * @throws RunBusyError when the run is at work, RunError when it has finished
 */
export async function continueRun(run: Run): Promise<void> {
	const {id, trainer} = run.record;
	if (isHeld(run)) {
		throw new RunBusyError(`Run ${id} is already at work.`, `Watch it with: dreambooth attach ${id}`);
	}

	if (summarizeRun(run).state === 'finished') {
		throw new RunError(`Run ${id} has finished: nothing is left to continue.`, `Train further from its weights with: dreambooth train --further ${id}`);
	}

	if (trainer) {
		await untilGone(() => isAlive(trainer, run.folder), lastSaveMs);
	}

	await startRunner(run.folder);
}

async function untilGone(isThere: () => boolean, limitMs: number): Promise<void> {
	for (const end = Date.now() + limitMs; isThere() && Date.now() < end;) {
		await delay(50);
	}
}

/** Starts the runner in a session of its own, without a terminal, and waits for its first word. */
async function startRunner(folder: string): Promise<void> {
	const log = fs.openSync(path.join(folder, 'log.txt'), 'a');
	const runner = spawn(process.execPath, [programFile('runner'), folder, programFile('trainer')], {
		detached: true,
		stdio: ['ignore', log, log, 'ipc'],
		env: {...process.env, NODE_ENV: 'production'},
	});
	fs.closeSync(log);
	const word = await firstWord(runner);
	runner.unref();
	if (runner.connected) {
		runner.disconnect();
	}

	if (word?.type === 'ready') {
		return;
	}

	throw word
		? new (word.name === RunBusyError.name ? RunBusyError : RunError)(word.message, word.action)
		: new RunError(`The runner of ${path.basename(folder)} could not start.`, `See the end of ${path.join(folder, 'log.txt')}.`);
}

async function firstWord(runner: ChildProcess): Promise<RunnerMessage | undefined> {
	return new Promise(resolve => {
		runner.once('message', message => resolve(message as RunnerMessage));
		runner.once('error', () => resolve(undefined));
		runner.once('exit', () => resolve(undefined));
	});
}

/** What runs in a process or a thread of its own. */
export type Program = 'runner' | 'trainer' | 'probe' | 'noise' | 'images' | 'world';

/** Where such a program lies: built beside this one, or in `dist/` when this one runs from source. */
export function programFile(name: Program): string {
	const here = fileURLToPath(import.meta.url);
	return path.join(here.endsWith('.ts') ? path.join(packageRoot(), 'dist') : path.dirname(here), `${name}.js`);
}
