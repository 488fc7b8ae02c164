import path from 'node:path';
import type {Command} from 'commander';
import {readRun, summarizeRun, type Run} from '../train/protocol/index.ts';
import {capabilities, followPlain, hyperlink, openDashboard, wantsSpeech} from '../tui/index.ts';
import {exitCodes} from './exit-codes.ts';

/** A terminal that a screen can be drawn on, with a person at it. */
export function isInteractive(): boolean {
	return capabilities(process.env, {terminal: Boolean(process.stdin.isTTY && process.stdout.isTTY)}).interactive;
}

export interface ViewOptions {
	readonly plain?: boolean;
	readonly spoken?: boolean;
	readonly detach?: boolean;
}

export const withLook = (command: Command): Command => command
	.option('--plain', 'plain lines instead of the dashboard')
	.option('--spoken', 'few plain sentences, for a screen reader; ACCESSIBLE=1 asks for them always');

export const withView = (command: Command): Command => withLook(command)
	.option('--detach', 'do not watch it');

/** After a run has begun: shows it, or says how to, and leaves the exit code. */
export async function showRun(run: Run, {plain, spoken, detach}: ViewOptions): Promise<void> {
	const {id} = run.record;
	if (detach) {
		say(id);
		say(`Watch it: dreambooth attach ${id}    Stop it: dreambooth stop ${id}`);
		return;
	}

	process.exitCode = await watchRun(run, {plain, spoken});
}

/** One press of Ctrl-C can come as several signals: npm passes on what the terminal has sent to everybody already. */
const onePressMs = 150;

/** Shows a run until it has ended or the person leaves: the dashboard, or plain lines. Returns the exit code. */
export async function watchRun(run: Run, {plain = false, spoken = wantsSpeech(process.env)}: {plain?: boolean; spoken?: boolean} = {}): Promise<number> {
	if (isInteractive() && !plain && !spoken) {
		return watchDashboard(run);
	}

	const {id} = run.record;
	const leave = new AbortController();
	let lastPress = -Infinity;
	let isWarned = false;
	const onInterrupt = () => {
		const sinceLast = performance.now() - lastPress;
		lastPress = performance.now();
		if (sinceLast < onePressMs) {
			return;
		}

		if (!isWarned) {
			isWarned = true;
			say('Training continues in the background. Ctrl-C again leaves it there.');
			say(`Watch it again: dreambooth attach ${id}    Stop it: dreambooth stop ${id}`);
		} else {
			leave.abort();
		}
	};

	say(`Run ${id}. Training goes on if you disconnect; see it again with: dreambooth attach ${id}`);
	process.on('SIGINT', onInterrupt);
	try {
		const code = await followPlain({runFolder: run.folder, write: say, voice: spoken ? 'spoken' : 'written', signal: leave.signal});
		return leave.signal.aborted ? exitCodes.interrupted : code;
	} finally {
		process.off('SIGINT', onInterrupt);
	}
}

/** What a person should know who closed the window of a run at work. */
export function sayDetached({record: {id}}: Run): void {
	say(`Training continues in the background. Watch it again: dreambooth attach ${id}    Stop it: dreambooth stop ${id}`);
}

async function watchDashboard({folder, record}: Run): Promise<number> {
	const {id} = record;
	const {stdin, stdout, env} = process;
	const can = capabilities(env, {terminal: true});
	const how = await openDashboard({runFolder: folder, stdin, stdout, capabilities: can});
	if (how === 'detached') {
		sayDetached({folder, record});
		return exitCodes.done;
	}

	const {state, step, output, message, action} = summarizeRun(readRun(folder));
	say(`Run ${id}: ${state} at step ${step}.`);
	if (output !== undefined) {
		const file = path.join(folder, output);
		say(can.links ? hyperlink(file, file) : file);
	}

	if (message !== undefined) {
		say(`${message}\nWhat to do: ${action}`);
	}

	return state === 'failed' || state === 'crashed' ? exitCodes.failed : exitCodes.done;
}

export function say(line: string): void {
	process.stdout.write(`${line}\n`);
}
