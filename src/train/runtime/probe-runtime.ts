import {spawn} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import {addonKey} from './addon.ts';
import {lastLines} from './command.ts';
import {addonFile, frameworkLibrary, runtimeFolder, tensorflowLibrary} from './folders.ts';
import type {ProbeReport} from './probe-report.ts';

const verdictSchema = z.object({
	/** What was probed: a verdict counts only for the same addon and the same Node. */
	key: z.string(),
	ok: z.boolean(),
	device: z.enum(['cpu', 'gpu']).optional(),
	stages: z.array(z.string()),
	/** Why it does not work. */
	fault: z.string().optional(),
});
export type Verdict = z.infer<typeof verdictSchema>;

const verdictFile = (runtime: string) => path.join(runtime, 'probe.json');
const keyOf = (packageRoot: string) => `${addonKey(packageRoot)} node ${process.versions.node.split('.')[0]}`;

/** The verdict of an earlier probe; undefined when nothing was probed, or something has changed or gone since. */
export function storedVerdict(packageRoot: string): Verdict | undefined {
	const runtime = runtimeFolder();
	const file = verdictFile(runtime);
	if (![file, addonFile(runtime), frameworkLibrary(runtime), tensorflowLibrary(runtime)].every(existsSync)) return undefined;
	const {success, data} = verdictSchema.safeParse(parsed(readFileSync(file, 'utf8')));
	return success && data.key === keyOf(packageRoot) ? data : undefined;
}

/** Whether training can start without any set-up. Reads two small files only. */
export const isRuntimeReady = (packageRoot: string): boolean => storedVerdict(packageRoot)?.ok === true;

/** What each stage that was not reached means. */
const meaning: Record<string, string> = {
	load: 'TensorFlow could not be loaded',
	convolution: 'TensorFlow was loaded, but a convolution failed',
	graph: 'A traced function failed',
	xla: 'A function compiled by XLA failed',
};

/** What the usual deaths mean. */
const deaths: Partial<Record<string, string>> = {
	SIGILL: 'this CPU lacks an instruction that TensorFlow uses',
	SIGKILL: 'somebody, or the kernel for want of memory, killed it',
};

/** Tries the runtime in a child process, which may crash, and stores the verdict. */
export async function probeRuntime(packageRoot: string, probeProgram: string, {timeoutMs = 120_000}: {timeoutMs?: number} = {}): Promise<Verdict> {
	const {report, output, death} = await runProbe(probeProgram, timeoutMs);
	const missing = Object.keys(meaning).find(stage => !report.stages.includes(stage)) ?? 'xla';
	const fault = report.ok ? undefined : `${meaning[missing]}: ${report.fault ?? `${death}.\n${lastLines(output, 3)}`.trimEnd()}`;
	const verdict: Verdict = {key: keyOf(packageRoot), ok: report.ok, stages: [...report.stages], ...(report.device && {device: report.device}), ...(fault !== undefined && {fault})};
	await writeFile(verdictFile(runtimeFolder()), `${JSON.stringify(verdict, null, '\t')}\n`);
	return verdict;
}

async function runProbe(program: string, timeoutMs: number): Promise<{report: ProbeReport; output: string; death: string}> {
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, [program], {stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: {...process.env, TF_CPP_MIN_LOG_LEVEL: '2'}});
		let late = false;
		const timer = setTimeout(() => {
			late = true;
			child.kill('SIGKILL');
		}, timeoutMs);
		let report: ProbeReport = {stages: [], ok: false};
		let output = '';
		child.stdout?.on('data', (text: Buffer) => (output += text.toString()));
		child.stderr?.on('data', (text: Buffer) => (output += text.toString()));
		child.on('message', message => (report = message as ProbeReport));
		child.on('error', reject);
		child.on('close', (code, signal) => {
			clearTimeout(timer);
			const end = signal === null ? `exit code ${code}` : `${signal}${deaths[signal] ? ` (${deaths[signal]})` : ''}`;
			resolve({report, output, death: late ? `no end within ${timeoutMs / 1000} s` : `the process ended with ${end}`});
		});
	});
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
