import type {ChildProcess} from 'node:child_process';
import fs from 'node:fs';

export interface Death {
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
	/** It could not be started. */
	readonly error?: Error;
}

/** How a process with a channel ended, once everything that it had said is heard. */
export async function deathOf(child: ChildProcess): Promise<Death> {
	const heard = new Promise<void>(resolve => {
		child.once('disconnect', resolve);
	});
	return new Promise(resolve => {
		child.on('error', error => resolve({code: null, signal: null, error}));
		child.once('exit', async (code, signal) => {
			await heard;
			resolve({code, signal});
		});
	});
}

const meanings: Partial<Record<NodeJS.Signals, string>> = {
	SIGKILL: 'It was killed (SIGKILL): the system does that when memory runs out.',
	SIGABRT: 'Native code gave up (SIGABRT).',
	SIGSEGV: 'Native code crashed (SIGSEGV).',
	SIGBUS: 'Native code crashed (SIGBUS): the disk may be full, or memory.',
	SIGILL: 'Native code met an instruction that this processor does not have (SIGILL).',
};

/** In sentences, how a process died, and what it had said last to `logFile` after its first `from` bytes. */
export function describeDeath(death: Death, logFile: string, from: number): string {
	// Who is killed is not asked for last words.
	return [nameDeath(death), death.signal === 'SIGKILL' ? '' : lastWords(logFile, from)].filter(Boolean).join(' ');
}

function nameDeath({code, signal, error}: Death): string {
	if (error) {
		return `It could not be started: ${error.message}.`;
	}

	return signal ? meanings[signal] ?? `It was ended by ${signal}.` : `It ended with exit code ${code} without saying why.`;
}

/** A line that says what went wrong, among stack traces and progress. TensorFlow's fatal lines begin with F and the date. */
const telling = /^F\d{4}|\b(?:fatal|error|failed|terminate|out of memory|oom)\b/i;

/** The last telling line, else the last line; empty when none was added. */
function lastWords(logFile: string, from: number): string {
	const lines = fs.readFileSync(logFile).subarray(from).toString('utf8').split('\n').map(line => line.trim()).filter(line => line !== '');
	const line = lines.findLast(line => telling.test(line)) ?? lines.at(-1);
	return line ? `Its last words: ${line.slice(0, 500)}` : '';
}
