import {existsSync, statfsSync} from 'node:fs';
import {mkdir, rename, rm} from 'node:fs/promises';
import path from 'node:path';
import {addonFile, addonKey, buildAddon, builtKey} from './addon.ts';
import {obtainWheel, type Tell} from './fetch-wheel.ts';
import {cacheFolder, runtimeFolder} from './folders.ts';
import {requirePlatform} from './platform.ts';
import {probeRuntime, storedVerdict, type Verdict} from './probe-runtime.ts';
import {withSetupLock} from './setup-lock.ts';
import {SetupError} from './setup-error.ts';
import {unpackWheel} from './unpack.ts';
import {downloadFolder, pipArguments, setupDiskBytes, wheel} from './wheel.ts';

export interface SetupOptions {
	/** Folder of this package, where the addon's sources are. */
	readonly packageRoot: string;
	/** The bundled probe. */
	readonly probeProgram: string;
	/** Folder that holds the wheel, for machines without network. */
	readonly wheels?: string;
	readonly tell: Tell;
}

/**
 * Gets TensorFlow's libraries, builds the addon and probes both; does only what is missing. Each part appears whole or
 * not at all, so an interrupted set-up goes on where it was.
 * @throws SetupError: what is wrong and the command that cures it
 */
export async function setupRuntime({packageRoot, probeProgram, wheels, tell}: SetupOptions): Promise<Verdict> {
	requirePlatform();
	const cache = cacheFolder();
	await makeFolder(cache);
	return withSetupLock(cache, async () => {
		const runtime = runtimeFolder();
		const known = storedVerdict(packageRoot);
		if (known?.ok) return known;
		if (!existsSync(librariesOf(runtime))) {
			requireRoom(cache);
			const file = await obtainWheel(cache, {wheels, tell});
			const stage = `${runtime}.partial`;
			await rm(stage, {recursive: true, force: true});
			await unpackWheel(file, stage, tell);
			await mkdir(runtime, {recursive: true});
			await rename(path.join(stage, 'tensorflow'), librariesOf(runtime));
			await rm(stage, {recursive: true});
			await rm(downloadFolder(cache), {recursive: true, force: true});
		}
		if (!existsSync(addonFile(runtime)) || builtKey(runtime) !== addonKey(packageRoot)) await buildAddon(runtime, packageRoot, tell);
		tell({what: 'Trying TensorFlow'});
		const verdict = await probeRuntime(packageRoot, probeProgram);
		if (!verdict.ok) throw new SetupError(verdict.fault ?? 'TensorFlow does not work here.', 'dreambooth doctor shows what this machine has. To set up from the beginning: dreambooth setup --remove && dreambooth setup');
		return verdict;
	});
}

/** What setupRuntime would do, a line each. */
export function describeSetup({packageRoot, wheels}: Pick<SetupOptions, 'packageRoot' | 'wheels'>): string[] {
	const runtime = runtimeFolder();
	const megabytes = (wheel.bytes / 1e6).toFixed(0);
	const libraries = existsSync(librariesOf(runtime));
	return [
		libraries ? `TensorFlow ${wheel.version} is in ${runtime}.`
		: wheels === undefined ? `Download ${wheel.project} ${wheel.version} (${megabytes} MB): python3 ${pipArguments(downloadFolder(cacheFolder())).join(' ')}`
		: `Take ${wheel.project} ${wheel.version} from ${path.resolve(wheels)}.`,
		...(libraries ? [] : [`Check it (SHA-256 ${wheel.sha256}) and unpack its libraries and headers (0.9 GB) to ${runtime}.`]),
		existsSync(addonFile(runtime)) && builtKey(runtime) === addonKey(packageRoot) ? 'The addon is built.' : `Compile the addon of tfjs-node-gpu with g++ to ${addonFile(runtime)}.`,
		storedVerdict(packageRoot)?.ok ? 'It was tried and works.' : 'Try it in a process of its own: load, a convolution and its gradients, a traced function, an XLA function.',
	];
}

/** Removes what setupRuntime made. Runs, presets and class images stay. Returns what was removed. */
export async function removeRuntime(): Promise<string[]> {
	const cache = cacheFolder();
	if (!existsSync(cache)) return [];
	return withSetupLock(cache, async () => {
		const removed: string[] = [];
		for (const folder of [runtimeFolder(), `${runtimeFolder()}.partial`, downloadFolder(cache)]) {
			if (!existsSync(folder)) continue;
			await rm(folder, {recursive: true});
			removed.push(folder);
		}
		return removed;
	});
}

const librariesOf = (runtime: string) => path.join(runtime, 'tensorflow');

async function makeFolder(folder: string): Promise<void> {
	try {
		await mkdir(folder, {recursive: true});
	} catch (error) {
		throw new SetupError(`The folder ${folder} cannot be made: ${(error as Error).message}`, 'Choose another place for the runtime: DREAMBOOTH_HOME=FOLDER', {cause: error});
	}
}

function requireRoom(folder: string): void {
	const {bavail, bsize} = statfsSync(folder);
	const free = bavail * bsize;
	if (free < setupDiskBytes) {
		const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
		throw new SetupError(`Setting up TensorFlow needs ${gigabytes(setupDiskBytes)} and the disk of ${folder} has ${gigabytes(free)} left.`, `Free ${gigabytes(setupDiskBytes - free)} there, or keep the runtime on another disk: DREAMBOOTH_HOME=FOLDER`);
	}
}
