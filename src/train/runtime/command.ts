import {spawn} from 'node:child_process';

export interface Ran {
	/** Undefined when the program could not be started at all. */
	readonly exitCode: number | undefined;
	/** Standard output and standard error as they came. */
	readonly output: string;
	readonly signal: NodeJS.Signals | null;
}

/** Runs a program to its end and keeps what it prints. Never throws for what the program does. */
export async function run(program: string, args: readonly string[], {env = process.env, cwd, timeoutMs}: {env?: NodeJS.ProcessEnv; cwd?: string; timeoutMs?: number} = {}): Promise<Ran> {
	return new Promise(resolve => {
		const child = spawn(program, args, {env, cwd, stdio: ['ignore', 'pipe', 'pipe']});
		const timer = timeoutMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), timeoutMs);
		let output = '';
		child.stdout.on('data', (text: Buffer) => (output += text.toString()));
		child.stderr.on('data', (text: Buffer) => (output += text.toString()));
		const end = (ran: Omit<Ran, 'output'>) => {
			clearTimeout(timer);
			resolve({...ran, output});
		};
		child.on('error', () => end({exitCode: undefined, signal: null}));
		child.on('close', (exitCode, signal) => end({exitCode: exitCode ?? -1, signal}));
	});
}

/** The last lines of a program's output, for a message that fits a screen of 24 lines. */
export const lastLines = (output: string, count = 5): string =>
	output.trimEnd().split('\n').slice(-count).map(line => (line.length > 230 ? `${line.slice(0, 227)}...` : line)).join('\n');
