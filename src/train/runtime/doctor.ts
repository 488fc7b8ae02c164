import {readdir} from 'node:fs/promises';
import path from 'node:path';
import {detectHardware, formatBytes, type Hardware} from '../../presets/index.ts';
import {findCompiler} from './addon.ts';
import {cudaLibraryNames, findCudaLibraries, type CudaLibraries} from './cuda-libraries.ts';
import {run} from './command.ts';
import {setupDiskBytes} from './disk.ts';
import {cacheFolder} from './folders.ts';
import {countNvidiaCards, gpuHindrance, hasNvidia} from './gpu-driver.ts';
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
	/** CUDA as set up for TensorFlow. */
	readonly cuda: CudaLibraries;
	/** NVIDIA's cards in the slots, with or without a driver. */
	readonly cards: number;
	/** On the CPU build of TensorFlow. */
	readonly verdict: Verdict | undefined;
	/** On its GPU build. */
	readonly gpuVerdict: Verdict | undefined;
}

/** The driver's own library, which nothing but the driver's installation brings. */
const DRIVER_LIBRARY = 'libcuda.so.1';
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
		runtimeRow(found.verdict),
		...gpuRows(found),
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
	return {node: process.versions.node, platform: detectPlatform(), python, pip: pip?.replace(/ from .*/, ''), compiler, hardware, libraries, cuda: findCudaLibraries(), cards: countNvidiaCards(), verdict: storedVerdict(packageRoot), gpuVerdict: storedVerdict(packageRoot, 'gpu')};
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
	const needed = ready ? 2 ** 28 : setupDiskBytes([tensorflowCpu], {download: true});
	const full = disk.freeBytes < needed;
	const small = memory.availableBytes < LEAST_MEMORY_BYTES;
	return [
		{name: 'CPU', state: 'ok', found: `${cpu.model}, ${cpu.cores} ${cpu.cores === 1 ? 'core' : 'cores'} to use`},
		{name: 'Memory', state: small ? 'warn' : 'ok', found: `${formatBytes(memory.availableBytes)} of ${formatBytes(memory.totalBytes)} free`, ...(small && {action: 'The demo needs about 1 GiB, Stable Diffusion 1.5 on the CPU about 17 GiB: end other programs.'})},
		{name: 'Disk', state: full ? 'bad' : 'ok', found: `${formatBytes(disk.freeBytes)} free for ${disk.folder}`, ...(full && {action: `Free ${formatBytes(needed)} there, or keep the runtime elsewhere: DREAMBOOTH_HOME=FOLDER`})},
	];
}

function gpuRows({hardware: {gpu}, libraries, cuda, cards, gpuVerdict}: Findings): DoctorRow[] {
	if (!hasNvidia(gpu, cards)) {
		return [{name: 'GPU', state: 'ok', found: `none${gpu.state === 'no-driver' ? ' (no NVIDIA card, no driver)' : ''}; training runs on the CPU`}];
	}
	const hindrance = gpuHindrance(gpu, cards);
	const named = gpu.state === 'present' ? gpu.gpus.map(({name, driver, totalBytes, computeCapability}) => `${name}${computeCapability === undefined ? '' : ` (compute ${computeCapability.toFixed(1)})`}, ${formatBytes(totalBytes)}, driver ${driver}`) : [];
	const rows: DoctorRow[] = hindrance
		? [...named.map((found): DoctorRow => ({name: 'GPU', state: 'ok', found})), {name: 'GPU', state: 'warn', found: hindrance.message, action: hindrance.action}]
		: named.map((found): DoctorRow => ({name: 'GPU', state: 'ok', found}));
	return [...rows, cudaRow(libraries, cuda, {needed: !hindrance}), gpuRuntimeRow(gpuVerdict, {possible: !hindrance})];
}

/** The libraries by name: those of the set-up, and the driver's. */
function cudaRow(libraries: readonly string[], {folder, found: files, missing: absent}: CudaLibraries, {needed}: {readonly needed: boolean}): DoctorRow {
	const hasDriver = libraries.includes(DRIVER_LIBRARY);
	const found = [...(hasDriver ? [DRIVER_LIBRARY] : []), ...cudaLibraryNames.filter(name => files.has(name))];
	const missing = [...(hasDriver ? [] : [DRIVER_LIBRARY]), ...absent];
	const named = [found.length > 0 && `found ${found.join(', ')}`, missing.length > 0 && `missing ${missing.join(', ')}`].filter(Boolean).join('; ');
	if (missing.length === 0 || !needed) return {name: 'CUDA libraries', state: 'ok', found: named};
	const actions = [...(absent.length > 0 ? [`dreambooth setup (they belong in ${folder})`] : []), ...(hasDriver ? [] : [`${DRIVER_LIBRARY} comes with the NVIDIA driver; a container has to be started with it: --gpus all`])];
	return {name: 'CUDA libraries', state: 'warn', found: named, action: actions.join('\n')};
}

function gpuRuntimeRow(verdict: Verdict | undefined, {possible}: {readonly possible: boolean}): DoctorRow {
	const name = 'TensorFlow GPU';
	if (verdict?.ok) return {name, state: 'ok', found: `works on the GPU: ${verdict.stages.join(', ')}`};
	if (verdict) return {name, state: 'warn', found: `${inOneLine(verdict)} Training runs on the CPU.`, action: 'dreambooth setup --gpu tries it again'};
	return possible ? {name, state: 'warn', found: 'not set up, or the driver or the card has changed since; training runs on the CPU', action: 'dreambooth setup'} : {name, state: 'ok', found: 'not set up'};
}

const inOneLine = ({fault = 'does not work'}: Verdict): string => fault.replaceAll('\n', ' ');

function runtimeRow(verdict: Verdict | undefined): DoctorRow {
	if (!verdict) return {name: 'TensorFlow', state: 'bad', found: 'not set up, or something has changed since', action: 'dreambooth setup'};
	if (!verdict.ok) return {name: 'TensorFlow', state: 'bad', found: inOneLine(verdict), action: 'dreambooth setup --remove && dreambooth setup'};
	return {name: 'TensorFlow', state: 'ok', found: `works on the ${(verdict.device ?? 'cpu').toUpperCase()}: ${verdict.stages.join(', ')}`};
}
