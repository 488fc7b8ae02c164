import {execFileSync, spawn} from 'node:child_process';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

export const here = path.dirname(fileURLToPath(import.meta.url));
/** By bundle.mjs, which leaves all programs in one folder. */
export const isPacked = import.meta.url.endsWith('.js');

/** What runs a bench of this folder's, or step. */
export const programOf = (bench: 'step' | 'sampling'): readonly string[] => (isPacked ? [path.join(here, `${bench}.js`)] : ['--import', 'tsx', path.join(here, bench === 'step' ? '../step.ts' : 'sampling.ts')]);

/** Name and driver. */
export const card = (): string => execFileSync('nvidia-smi', ['--query-gpu=name,driver_version', '--format=csv,noheader'], {encoding: 'utf8'}).trim();

/** MiB of the card that a process takes, as the driver says. Inside a container the driver may know it by another number; then it has to be alone. */
export function usedBy(process: number | undefined): number | undefined {
	const lines = execFileSync('nvidia-smi', ['--query-compute-apps=pid,used_memory', '--format=csv,noheader,nounits'], {encoding: 'utf8'}).trim().split('\n').map(line => line.split(',').map(Number));
	return (lines.find(([pid]) => pid === process) ?? (lines.length === 1 ? lines[0] : []))[1];
}

export interface Ended {
	/** The last line, if it is JSON. */
	readonly said: Record<string, unknown> | undefined;
	readonly peakMiB: number;
	readonly seconds: number;
	/** The end of what it said, where it failed. */
	readonly failure?: string;
}

/** Runs a program that ends with a line of JSON, and watches the card meanwhile. One that is stuck in a compiler listens to nothing but SIGKILL. */
export async function run(command: string, args: readonly string[], {limitMs, environment}: {limitMs: number; environment?: NodeJS.ProcessEnv}): Promise<Ended> {
	const begun = performance.now();
	const program = spawn(command, args, {stdio: ['ignore', 'pipe', 'pipe'], env: {...process.env, ...environment}});
	let text = '';
	let peakMiB = 0;
	for (const stream of [program.stdout, program.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
	const watching = setInterval(() => (peakMiB = Math.max(peakMiB, usedBy(program.pid) ?? 0)), 1000);
	const limit = setTimeout(() => program.kill('SIGKILL'), limitMs);
	const code = await new Promise<number | null>(resolve => program.on('close', resolve));
	clearInterval(watching);
	clearTimeout(limit);
	const line = text.trim().split('\n').findLast(each => each.startsWith('{'));
	const seconds = (performance.now() - begun) / 1000;
	return code === 0 && line !== undefined ? {said: JSON.parse(line) as Record<string, unknown>, peakMiB, seconds} : {said: undefined, peakMiB, seconds, failure: `${code ?? 'ended'}: ${text.slice(-600)}`};
}
