import {readdir} from 'node:fs/promises';
import path from 'node:path';
import {detectHardware, formatBytes, type GpuReport, type Hardware} from '../../presets/index.ts';
import {findCompiler} from './addon.ts';
import {run} from './command.ts';
import {setupDiskBytes} from './disk.ts';
import {cacheFolder} from './folders.ts';
import {detectPlatform, isOlder, type Platform} from './platform.ts';
import {storedVerdict, type Verdict} from './probe-runtime.ts';
import {installCommand} from './system-packages.ts';
import {tensorflowCpu} from './wheel.ts';

export interface DoctorRow {
	readonly name: string;
	/** `bad` keeps training from working, `warn` does not. */
	readonly state: 'ok' | 'warn' | 'bad';
	readonly found: string;
	/** What to do about it. */
	readonly action?: string;
}

export interface DoctorReport {
	readonly rows: readonly DoctorRow[];
	/** Training would work. */
	readonly ok: boolean;
}

/** What the doctor looks at; all of it can be given, so that every finding can be tested. */
export interface Findings {
	readonly node: string;
	readonly platform: Platform;
	/** First line of `--version`, undefined when the program is not there. */
	readonly python: string | undefined;
	readonly pip: string | undefined;
	readonly compiler: string | undefined;
	readonly hardware: Hardware;
	/** Names of the shared libraries that a program finds here. */
	readonly libraries: readonly string[];
	readonly verdict: Verdict | undefined;
}

/** What TensorFlow's GPU build opens; a machine that trains on its GPU has all of them. */
const CUDA_LIBRARIES = ['libcuda.so.1', 'libcudart.so.12', 'libcublas.so.12', 'libcublasLt.so.12', 'libcufft.so.11', 'libcusolver.so.11', 'libcusparse.so.12', 'libcudnn.so.9'];
/** The demo takes less than half of it. */
const LEAST_MEMORY_BYTES = 2 * 2 ** 30;

/** Looks at all that training needs. `packageRoot`: where the addon's sources are. */
export async function doctor(packageRoot: string, given?: Findings): Promise<DoctorReport> {
	const found = given ?? (await look(packageRoot));
	const ready = found.verdict?.ok === true;
	const rows = [
		...systemRows(found),
		...toolRows(found, ready),
		...hardwareRows(found, ready),
		...gpuRows(found),
		runtimeRow(found.verdict),
	];
	return {rows, ok: rows.every(({state}) => state !== 'bad')};
}

/** A row per finding, the problems' cures below. */
export function formatDoctor({rows, ok}: DoctorReport): string {
	const marks = {ok: 'ok  ', warn: 'note', bad: 'BAD '};
	const width = Math.max(...rows.map(({name}) => name.length));
	const lines = rows.flatMap(({name, state, found, action}) => [
		`${marks[state]} ${name.padEnd(width)}  ${found}`,
		...(action ?? '').split('\n').filter(Boolean).map(line => `     ${' '.repeat(width)}  -> ${line}`),
	]);
	return [...lines, '', ok ? 'Training will work.' : 'Training will not work until the lines marked BAD are cured.'].join('\n');
}

async function look(packageRoot: string): Promise<Findings> {
	const version = async (program: string, args: readonly string[]) => {
		const {exitCode, output} = await run(program, args, {timeoutMs: 10_000});
		return exitCode === 0 ? output.split('\n')[0] : undefined;
	};
	const [python, pip, compiler, hardware, libraries] = await Promise.all([
		version('python3', ['--version']),
		version('python3', ['-m', 'pip', '--version']),
		findCompiler().then(({version}) => version, () => undefined),
		detectHardware({folder: cacheFolder()}),
		findLibraries(),
	]);
	return {node: process.versions.node, platform: detectPlatform(), python, pip: pip?.replace(/ from .*/, ''), compiler, hardware, libraries, verdict: storedVerdict(packageRoot)};
}

/** What the dynamic linker knows, and what its environment variable adds. */
async function findLibraries(): Promise<string[]> {
	// Outside of root's PATH it is found by its place only.
	const {output} = await run('/sbin/ldconfig', ['-p'], {timeoutMs: 10_000});
	const known = [...output.matchAll(/^\t(\S+) /gm)].map(([, name]) => name);
	const added = await Promise.all((process.env.LD_LIBRARY_PATH ?? '').split(path.delimiter).filter(Boolean).map(async folder => readdir(folder).catch(() => [])));
	return [...known, ...added.flat()];
}

function systemRows({node, platform}: Findings): DoctorRow[] {
	const {os, architecture, glibc, cpuFlags} = platform;
	const system = os === 'linux' && architecture === 'x64' && glibc !== undefined && !isOlder(glibc, '2.27');
	const flags = ['avx', 'avx2', 'fma', 'avx512f'].filter(flag => cpuFlags.has(flag));
	return [
		isOlder(node, '20.19') ? {name: 'Node', state: 'bad', found: node, action: 'Install Node 20.19 or newer.'} : {name: 'Node', state: 'ok', found: node},
		{name: 'System', state: system ? 'ok' : 'bad', found: `${os} ${architecture}, ${glibc === undefined ? 'no glibc' : `glibc ${glibc}`}`, ...(!system && {action: 'TensorFlow needs Linux on x86-64 with glibc 2.27 or newer.'})},
		{name: 'CPU features', state: cpuFlags.has('avx') ? 'ok' : 'bad', found: flags.join(' ') || 'none of AVX, AVX2, FMA', ...(!cpuFlags.has('avx') && {action: 'TensorFlow needs AVX: use another machine, or pass the CPU through to the virtual one.'})},
	];
}

/** Only set-up uses these tools: once it is done they may go. */
function toolRows({python, pip, compiler}: Findings, ready: boolean): DoctorRow[] {
	const row = (name: string, found: string | undefined, tool: Parameters<typeof installCommand>[0]): DoctorRow =>
		found === undefined ? {name, state: ready ? 'warn' : 'bad', found: ready ? 'not found (only needed to set up again)' : 'not found', action: installCommand(tool)} : {name, state: 'ok', found};
	return [row('Python', python, 'python'), row('pip', pip, 'pip'), row('C++ compiler', compiler, 'compiler')];
}

function hardwareRows({hardware: {cpu, memory, disk}}: Findings, ready: boolean): DoctorRow[] {
	const needed = ready ? 2 ** 28 : setupDiskBytes(tensorflowCpu, {download: true});
	const full = disk.freeBytes < needed;
	const small = memory.availableBytes < LEAST_MEMORY_BYTES;
	return [
		{name: 'CPU', state: 'ok', found: `${cpu.model}, ${cpu.cores} ${cpu.cores === 1 ? 'core' : 'cores'} to use`},
		{name: 'Memory', state: small ? 'warn' : 'ok', found: `${formatBytes(memory.availableBytes)} of ${formatBytes(memory.totalBytes)} free`, ...(small && {action: 'The demo needs about 1 GiB, Stable Diffusion 1.5 on the CPU about 17 GiB: end other programs.'})},
		{name: 'Disk', state: full ? 'bad' : 'ok', found: `${formatBytes(disk.freeBytes)} free for ${disk.folder}`, ...(full && {action: `Free ${formatBytes(needed)} there, or keep the runtime elsewhere: DREAMBOOTH_HOME=FOLDER`})},
	];
}

function gpuRows({hardware: {gpu}, libraries}: Findings): DoctorRow[] {
	const missing = CUDA_LIBRARIES.filter(library => !libraries.includes(library));
	const found = CUDA_LIBRARIES.filter(library => libraries.includes(library));
	const named = [found.length > 0 && `found ${found.join(', ')}`, missing.length > 0 && `missing ${missing.join(', ')}`].filter(Boolean).join('; ');
	if (gpu.state !== 'present') {
		return [gpuFault(gpu), {name: 'CUDA libraries', state: 'ok', found: found.length > 0 ? `not needed; ${named}` : 'none; only a GPU needs them'}];
	}
	return [
		...gpu.gpus.map(({name, driver, totalBytes}): DoctorRow => ({name: 'GPU', state: 'warn', found: `${name}, ${formatBytes(totalBytes)}, driver ${driver}`, action: 'This version trains on the CPU; the GPU is not used.'})),
		{name: 'CUDA libraries', state: 'ok', found: `not used by this version; ${named}`},
	];
}

const gpuFault = (gpu: Exclude<GpuReport, {state: 'present'}>): DoctorRow =>
	gpu.state === 'driver-fails'
		? {name: 'GPU', state: 'warn', found: `nvidia-smi fails: ${gpu.message.split('\n')[0]}. Training runs on the CPU.`, action: 'Training does not need it. To mend the driver, restart the machine, or install it anew: nvidia-smi has to work.'}
		: {name: 'GPU', state: 'ok', found: `${gpu.state === 'none' ? 'none' : 'no NVIDIA driver (nvidia-smi is not there)'}; training runs on the CPU`};

function runtimeRow(verdict: Verdict | undefined): DoctorRow {
	if (!verdict) return {name: 'TensorFlow', state: 'bad', found: 'not set up, or something has changed since', action: 'dreambooth setup'};
	if (!verdict.ok) return {name: 'TensorFlow', state: 'bad', found: verdict.fault ?? 'does not work', action: 'dreambooth setup --remove && dreambooth setup'};
	return {name: 'TensorFlow', state: 'ok', found: `works on the ${(verdict.device ?? 'cpu').toUpperCase()}: ${verdict.stages.join(', ')}`};
}
