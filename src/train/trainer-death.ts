import fs from 'node:fs';

const meanings: Partial<Record<NodeJS.Signals, string>> = {
	SIGKILL: 'It was killed (SIGKILL): the system does that when memory runs out.',
	SIGABRT: 'Native code gave up (SIGABRT).',
	SIGSEGV: 'Native code crashed (SIGSEGV).',
	SIGBUS: 'Native code crashed (SIGBUS): the disk may be full, or memory.',
	SIGILL: 'Native code met an instruction that this processor does not have (SIGILL).',
};

/** In a sentence, how a process died. */
export function nameDeath({code, signal, error}: {readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly error?: Error}): string {
	if (error) {
		return `It could not be started: ${error.message}.`;
	}

	return signal ? meanings[signal] ?? `It was ended by ${signal}.` : `It ended with exit code ${code} without saying why.`;
}

/** The last line that was added to a log after its first `from` bytes, as a sentence; empty when none was. */
export function lastWords(logFile: string, from: number): string {
	const added = fs.readFileSync(logFile).subarray(from).toString('utf8').trimEnd();
	const line = added.slice(added.lastIndexOf('\n') + 1).trim().slice(0, 500);
	return line && `Its last words: ${line}`;
}
