import {spawn} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import {addonKey} from './addon.ts';
import {lastLines} from './command.ts';
import {findCudaLibraries} from './cuda-libraries.ts';
import {addonFile, frameworkLibrary, runtimeFolder, tensorflowLibrary, type RuntimeKind} from './folders.ts';
import {givenCudaFolder} from './given-cuda.ts';
import {describeKernelDriver} from './gpu-driver.ts';
import type {ProbeReport} from './probe-report.ts';

const verdictSchema = z.object({
	/** What was probed: a verdict counts only for the same addon and the same Node, on a GPU also for the same driver, card and CUDA. */
	key: z.string(),
	ok: z.boolean(),
	device: z.enum(['cpu', 'gpu']).optional(),
	stages: z.array(z.string()),
	/** Why it does not work. */
	fault: z.string().optional(),
});
export type Verdict = z.infer<typeof verdictSchema>;

const verdictFile = (runtime: string) => path.join(runtime, 'probe.json');

function keyOf(packageRoot: string, kind: RuntimeKind): string {
	const key = `${addonKey(packageRoot)} node ${process.versions.node.split('.')[0]}`;
	return kind === 'cpu' ? key : [key, `driver ${describeKernelDriver()}`, givenCudaFolder()].filter(part => part !== undefined).join(' ');
}

/** The verdict of an earlier probe; undefined when nothing was probed, or something has changed or gone since. */
export function storedVerdict(packageRoot: string, kind: RuntimeKind = 'cpu'): Verdict | undefined {
	const runtime = runtimeFolder(kind);
	const file = verdictFile(runtime);
	if (![file, addonFile(runtime), frameworkLibrary(runtime), tensorflowLibrary(runtime)].every(existsSync)) return undefined;
	if (kind === 'gpu' && findCudaLibraries().missing.length > 0) return undefined;
	const {success, data} = verdictSchema.safeParse(parsed(readFileSync(file, 'utf8')));
	return success && data.key === keyOf(packageRoot, kind) ? data : undefined;
}

/** Whether training can start without any set-up, on the CPU or on the GPU. Reads two small files only. */
export const isRuntimeReady = (packageRoot: string, kind: RuntimeKind = 'cpu'): boolean => storedVerdict(packageRoot, kind)?.ok === true;

/** What each stage that was not reached means. */
const meaning: Record<string, string> = {
	load: 'TensorFlow could not be loaded',
	gpu: 'TensorFlow was loaded, but it sees no GPU',
	convolution: 'TensorFlow was loaded, but a convolution failed',
	graph: 'A traced function failed',
	xla: 'A function compiled by XLA failed',
};

/** What the usual deaths mean. */
const deaths: Partial<Record<string, string>> = {
	SIGILL: 'this CPU lacks an instruction that TensorFlow uses',
	SIGKILL: 'somebody, or the kernel for want of memory, killed it',
};

export interface ProbeOptions {
	readonly kind?: RuntimeKind;
	/** What the probe finds in its environment besides ours: the GPU that it is to see. */
	readonly environment?: NodeJS.ProcessEnv;
	/** On a GPU XLA compiles for some seconds, and CUDA may have to translate its kernels for a new card. */
	readonly timeoutMs?: number;
}

/** Tries the runtime in a child process, which may crash, and stores the verdict. */
export async function probeRuntime(packageRoot: string, probeProgram: string, {kind = 'cpu', environment = {}, timeoutMs = kind === 'gpu' ? 600_000 : 120_000}: ProbeOptions = {}): Promise<Verdict> {
	// TensorFlow's warnings name what it misses for a GPU.
	const env = {...process.env, ...environment, TF_CPP_MIN_LOG_LEVEL: kind === 'gpu' ? '1' : '2'};
	const {report, output, death} = await runProbe([probeProgram, kind], {env, timeoutMs});
	const missing = Object.keys(meaning).filter(stage => stage !== 'gpu' || kind === 'gpu').find(stage => !report.stages.includes(stage)) ?? 'xla';
	const words = report.fault === undefined ? `\n${lastLines(output, 3)}` : missing === 'gpu' ? `\n${complaints(output)}` : '';
	const fault = report.ok ? undefined : `${meaning[missing]}: ${report.fault ?? `${death}.`}${words}`.trimEnd();
	const verdict: Verdict = {key: keyOf(packageRoot, kind), ok: report.ok, stages: [...report.stages], ...(report.device && {device: report.device}), ...(fault !== undefined && {fault})};
	await writeFile(verdictFile(runtimeFolder(kind)), `${JSON.stringify(verdict, null, '\t')}\n`);
	return verdict;
}

/** TensorFlow's warnings and errors (`E0000 00:00:1795.4 2611 file.cc:52] words`) without what stands before their words. */
const complaints = (output: string): string => lastLines(output.split('\n').filter(line => /^[WEF]\d{4} /.test(line)).map(line => line.replace(/^.*?\] /, '')).join('\n'), 3);

async function runProbe(args: readonly string[], {env, timeoutMs}: {env: NodeJS.ProcessEnv; timeoutMs: number}): Promise<{report: ProbeReport; output: string; death: string}> {
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, args, {stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env});
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
