import {accessSync, constants, existsSync} from 'node:fs';
import {mkdir, rename, rm} from 'node:fs/promises';
import path from 'node:path';
import {buildAddon, findCompiler, isAddonBuilt} from './addon.ts';
import {onDisk, setupDiskBytes} from './disk.ts';
import {obtainWheel} from './fetch-wheel.ts';
import {addonFile, cacheFolder, frameworkLibrary, runtimeFolder, tensorflowLibrary} from './folders.ts';
import {requirePlatform, type Platform} from './platform.ts';
import {probeRuntime, storedVerdict, type Verdict} from './probe-runtime.ts';
import type {Tell} from './progress.ts';
import {withSetupLock} from './setup-lock.ts';
import {SetupError} from './setup-error.ts';
import {unpackWheel} from './unpack.ts';
import {downloadFolder, pipArguments, tensorflowCpu, wheelFile, type Wheel} from './wheel.ts';

export interface SetupOptions {
	/** Folder of this package, where the addon's sources are. */
	readonly packageRoot: string;
	/** The bundled probe. */
	readonly probeProgram: string;
	/** Folder that holds the wheel, for machines without network. */
	readonly wheels?: string;
	readonly tell: Tell;
	/** This machine when left out. */
	readonly platform?: Platform;
	/** TensorFlow's when left out. */
	readonly wheel?: Wheel;
}

/**
 * Gets TensorFlow's libraries, builds the addon and probes both; does only what is missing. Each part appears whole or
 * not at all, so an interrupted set-up goes on where it was.
 * @throws SetupError: what is wrong and the command that cures it
 */
export async function setupRuntime({packageRoot, probeProgram, wheels, tell, platform, wheel = tensorflowCpu}: SetupOptions): Promise<Verdict> {
	requirePlatform(platform);
	const cache = cacheFolder();
	await makeFolder(cache);
	return onDisk(cache, async () => withSetupLock(cache, async () => {
		const runtime = runtimeFolder();
		const known = storedVerdict(packageRoot);
		if (known?.ok) return known;
		const stage = partOf(runtime);
		await rm(stage, {recursive: true, force: true});
		// What cannot be cured by waiting is said before the long download.
		if (!isAddonBuilt(runtime, packageRoot)) await findCompiler();
		if (!hasLibraries(runtime)) {
			const file = await obtainWheel({wheel, cache, wheels, tell});
			await unpackWheel(file, stage, tell);
			await mkdir(runtime, {recursive: true});
			await rm(librariesOf(runtime), {recursive: true, force: true});
			await rename(path.join(stage, 'tensorflow'), librariesOf(runtime));
		}
		for (const folder of [stage, asideOf(runtime), downloadFolder(cache)]) await rm(folder, {recursive: true, force: true});
		if (!isAddonBuilt(runtime, packageRoot)) await buildAddon(runtime, packageRoot, tell);
		tell({what: 'Trying TensorFlow'});
		const verdict = await probeRuntime(packageRoot, probeProgram);
		if (!verdict.ok) throw new SetupError(verdict.fault ?? 'TensorFlow does not work here.', 'dreambooth doctor shows what this machine has. To set up from the beginning: dreambooth setup --remove && dreambooth setup');
		return verdict;
	}));
}

/** What setupRuntime would do, a line each. */
export function describeSetup({packageRoot, wheels, wheel = tensorflowCpu}: Pick<SetupOptions, 'packageRoot' | 'wheels' | 'wheel'>): string[] {
	const [cache, runtime] = [cacheFolder(), runtimeFolder()];
	const title = `${wheel.project} ${wheel.version}`;
	const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
	const fetched = existsSync(path.join(downloadFolder(cache), wheelFile(wheel)));
	return [
		...(hasLibraries(runtime) ? [`TensorFlow ${wheel.version} is in ${runtime}.`] : [
			wheels !== undefined ? `Take ${title} from ${path.resolve(wheels)}.`
			: fetched ? `Take ${title} from ${downloadFolder(cache)}, where an earlier set-up has left it.`
			: `Download ${title} (${(wheel.bytes / 1e6).toFixed(0)} MB): python3 ${pipArguments(wheel, downloadFolder(cache)).join(' ')}`,
			`Check it (SHA-256 ${wheel.sha256}) and unpack its libraries and headers (${gigabytes(wheel.unpackedBytes)}) to ${runtime}. ${gigabytes(setupDiskBytes(wheel, {download: wheels === undefined && !fetched}))} of disk have to be free.`,
		]),
		isAddonBuilt(runtime, packageRoot) ? 'The addon is built.' : `Compile the addon of tfjs-node-gpu with a C++ compiler to ${addonFile(runtime)}.`,
		storedVerdict(packageRoot)?.ok ? 'It was tried and works.' : 'Try it in a process of its own: load, a convolution and its gradients, a traced function, an XLA function.',
	];
}

/** Removes what setupRuntime made. Runs, presets and class images stay. Returns what was removed. @throws SetupError */
export async function removeRuntime(): Promise<string[]> {
	const [cache, runtime] = [cacheFolder(), runtimeFolder()];
	if (!existsSync(cache)) return [];
	return withSetupLock(cache, async () => {
		const removed = [runtime, partOf(runtime), asideOf(runtime), downloadFolder(cache)].filter(folder => existsSync(folder));
		// Half a runtime must not look like a whole one when this is interrupted.
		await rm(asideOf(runtime), {recursive: true, force: true});
		if (existsSync(runtime)) await rename(runtime, asideOf(runtime));
		for (const folder of [asideOf(runtime), ...removed]) await rm(folder, {recursive: true, force: true});
		return removed;
	});
}

const librariesOf = (runtime: string) => path.dirname(tensorflowLibrary(runtime));
const hasLibraries = (runtime: string) => existsSync(tensorflowLibrary(runtime)) && existsSync(frameworkLibrary(runtime));
/** Where the libraries are unpacked to, before they appear all at once. */
const partOf = (runtime: string) => `${runtime}.partial`;
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
