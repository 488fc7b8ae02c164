import {accessSync, constants, existsSync} from 'node:fs';
import {mkdir, rename, rm} from 'node:fs/promises';
import {detectGpus, type GpuReport} from '../../presets/index.ts';
import {gpuEnvironment} from '../visible-gpu.ts';
import {buildAddon, findCompiler, isAddonBuilt} from './addon.ts';
import {findCudaLibraries} from './cuda-libraries.ts';
import {onDisk} from './disk.ts';
import {cacheFolder, runtimeFolder, type RuntimeKind} from './folders.ts';
import {givenCudaFolder} from './given-cuda.ts';
import {countNvidiaCards, gpuHindrance, hasNvidia} from './gpu-driver.ts';
import {wheelsForGpu} from './gpu-wheels.ts';
import {installWheels, stageOf} from './install-wheels.ts';
import {requirePlatform, type Platform} from './platform.ts';
import {probeRuntime, storedVerdict, type Verdict} from './probe-runtime.ts';
import type {Tell} from './progress.ts';
import {withSetupLock} from './setup-lock.ts';
import {SetupError} from './setup-error.ts';
import {downloadFolder, tensorflowCpu, type Wheel} from './wheel.ts';

export interface SetupOptions {
	/** Folder of this package, where the addon's sources are. */
	readonly packageRoot: string;
	/** The bundled probe. */
	readonly probeProgram: string;
	/** Folder that holds the wheels, for machines without network. */
	readonly wheels?: string;
	readonly tell: Tell;
	/** This machine when left out. */
	readonly platform?: Platform;
	/** TensorFlow's when left out. */
	readonly wheel?: Wheel;
}

/**
 * Gets TensorFlow's libraries for the CPU, builds the addon and probes both; does only what is missing. Each part appears whole or
 * not at all, so an interrupted set-up goes on where it was.
 * @throws SetupError: what is wrong and the command that cures it
 */
export async function setupRuntime({wheel = tensorflowCpu, ...options}: SetupOptions): Promise<Verdict> {
	return setUp('cpu', options, {wheels: [wheel], probeEnvironment: async () => ({})});
}

export interface GpuSetupOptions extends Omit<SetupOptions, 'wheel'> {
	/** Tries it whatever speaks against it. */
	readonly force?: boolean;
	/** This machine's when left out. */
	readonly gpus?: GpuReport;
	/** NVIDIA's cards in its slots. */
	readonly cards?: number;
	/** TensorFlow's and CUDA's when left out. */
	readonly gpuWheels?: readonly Wheel[];
}

/**
 * As setupRuntime, for TensorFlow's GPU build, with the CUDA libraries that it needs. The CPU's stays as it is. Undefined where there is
 * nothing of NVIDIA, unless it is forced.
 * @throws SetupError: why there will be no training on the GPU, and what to do
 */
export async function setupGpuRuntime({force = false, gpus, cards = countNvidiaCards(), gpuWheels, ...options}: GpuSetupOptions): Promise<Verdict | undefined> {
	const report = gpus ?? (await detectGpus());
	if (!force && !hasNvidia(report, cards)) return undefined;
	const hindrance = gpuHindrance(report, cards);
	if (hindrance && !force) throw hindrance;
	const {folder, missing} = findCudaLibraries();
	if (givenCudaFolder() !== undefined && missing.length > 0) {
		throw new SetupError(`DREAMBOOTH_CUDA_LIBS is ${folder}, which lacks ${missing.slice(0, 6).join(', ')}${missing.length > 6 ? ` and ${missing.length - 6} more` : ''}.`, 'Unset it, and dreambooth setup downloads them; or put them there.');
	}
	// A card that is hidden from TensorFlow for what speaks against it could not be tried.
	return setUp('gpu', options, {wheels: gpuWheels ?? wheelsForGpu(report), probeEnvironment: async () => (hindrance ? {} : gpuEnvironment())});
}

interface Build {
	readonly wheels: readonly Wheel[];
	readonly probeEnvironment: () => Promise<NodeJS.ProcessEnv>;
}

async function setUp(kind: RuntimeKind, {packageRoot, probeProgram, wheels: from, tell, platform}: Omit<SetupOptions, 'wheel'>, {wheels, probeEnvironment}: Build): Promise<Verdict> {
	requirePlatform(platform);
	const cache = cacheFolder();
	await makeFolder(cache);
	return onDisk(cache, async () => withSetupLock(cache, async () => {
		const runtime = runtimeFolder(kind);
		const known = storedVerdict(packageRoot, kind);
		if (known?.ok) return known;
		// What cannot be cured by waiting is said before the long download.
		if (!isAddonBuilt(runtime, packageRoot)) await findCompiler();
		await installWheels(wheels, {runtime, cache, tell, ...(from !== undefined && {from})});
		await rm(asideOf(runtime), {recursive: true, force: true});
		if (!isAddonBuilt(runtime, packageRoot)) await buildAddon(runtime, packageRoot, tell);
		tell({what: kind === 'cpu' ? 'Trying TensorFlow' : 'Trying TensorFlow on the GPU'});
		const verdict = await probeRuntime(packageRoot, probeProgram, {kind, environment: await probeEnvironment()});
		if (!verdict.ok) {
			const [where, afterwards] = kind === 'cpu' ? ['here', ''] : ['on the GPU', '\nTraining runs on the CPU.'];
			throw new SetupError(verdict.fault ?? `TensorFlow does not work ${where}.`, `dreambooth doctor shows what this machine has. To set up from the beginning: dreambooth setup --remove && dreambooth setup${afterwards}`);
		}
		return verdict;
	}));
}

/** Removes what set-up has made, for the CPU and for the GPU. Runs, presets and class images stay. Returns what was removed. @throws SetupError */
export async function removeRuntime(): Promise<string[]> {
	const cache = cacheFolder();
	if (!existsSync(cache)) return [];
	return withSetupLock(cache, async () => {
		const runtimes = [runtimeFolder('cpu'), runtimeFolder('gpu')];
		const removed = [...runtimes.flatMap(runtime => [runtime, stageOf(runtime), asideOf(runtime)]), downloadFolder(cache)].filter(folder => existsSync(folder));
		for (const runtime of runtimes) {
			// Half a runtime must not look like a whole one when this is interrupted.
			await rm(asideOf(runtime), {recursive: true, force: true});
			if (existsSync(runtime)) await rename(runtime, asideOf(runtime));
			await rm(asideOf(runtime), {recursive: true, force: true});
		}
		for (const folder of removed) await rm(folder, {recursive: true, force: true});
		return removed;
	});
}

/** Where a runtime goes to be removed. */
const asideOf = (runtime: string) => `${runtime}.removed`;

async function makeFolder(folder: string): Promise<void> {
	try {
		await mkdir(folder, {recursive: true});
		accessSync(folder, constants.W_OK);
	} catch (error) {
		throw new SetupError(`The folder ${folder} cannot be made or written: ${(error as Error).message}`, 'Choose another place for the runtime: DREAMBOOTH_HOME=FOLDER', {cause: error});
	}
}
