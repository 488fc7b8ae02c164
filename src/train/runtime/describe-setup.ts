import {existsSync} from 'node:fs';
import path from 'node:path';
import {isAddonBuilt} from './addon.ts';
import {setupDiskBytes} from './disk.ts';
import {addonFile, cacheFolder, runtimeFolder, TENSORFLOW_VERSION, type RuntimeKind} from './folders.ts';
import {lackingWheels} from './install-wheels.ts';
import {storedVerdict} from './probe-runtime.ts';
import {downloadFolder, pipArguments, tensorflowCpu, wheelFile, type Wheel} from './wheel.ts';

export interface Described {
	readonly packageRoot: string;
	/** Folder that holds the wheels, for machines without network. */
	readonly wheels?: string;
	readonly kind?: RuntimeKind;
	/** What the runtime is made of; TensorFlow for the CPU when left out. */
	readonly parts?: readonly Wheel[];
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

/** What the set-up of a runtime would do, a line each. */
export function describeSetup({packageRoot, wheels, kind = 'cpu', parts = [tensorflowCpu]}: Described): string[] {
	const runtime = runtimeFolder(kind);
	const lacking = lackingWheels(parts, runtime);
	return [
		...(lacking.length === 0 ? [`TensorFlow ${TENSORFLOW_VERSION} is in ${runtime}.`] : fetching(lacking, runtime, wheels)),
		isAddonBuilt(runtime, packageRoot) ? 'The addon is built.' : `Compile the addon of tfjs-node-gpu with a C++ compiler to ${addonFile(runtime)}.`,
		storedVerdict(packageRoot, kind)?.ok ? 'It was tried and works.' : `Try it in a process of its own: load, ${kind === 'gpu' ? 'the GPU, ' : ''}a convolution and its gradients, a traced function, an XLA function.`,
	];
}

function fetching(lacking: readonly Wheel[], runtime: string, from: string | undefined): string[] {
	const folder = downloadFolder(cacheFolder());
	const isFetched = (wheel: Wheel) => existsSync(path.join(folder, wheelFile(wheel)));
	const toDownload = from === undefined ? lacking.filter(wheel => !isFetched(wheel)) : [];
	const lines = lacking.map(wheel => {
		const title = `${wheel.project} ${wheel.version}`;
		return from !== undefined ? `Take ${title} from ${path.resolve(from)}${existsSync(path.join(from, wheelFile(wheel))) ? '' : `, where there is no ${wheelFile(wheel)}`}.`
			: isFetched(wheel) ? `Take ${title} from ${folder}, where an earlier set-up has left it.`
			: `Download ${title} (${megabytes(wheel.bytes)}, SHA-256 ${wheel.sha256}).`;
	});
	const unpackedBytes = lacking.reduce((sum, wheel) => sum + wheel.unpackedBytes, 0);
	return [
		...lines,
		...(toDownload.length > 0 ? [`All of it (${gigabytes(toDownload.reduce((sum, {bytes}) => sum + bytes, 0))}) by: python3 ${pipArguments(toDownload, folder).join(' ')}`] : []),
		`Check ${lacking.length === 1 ? 'it' : 'each'} by its SHA-256 and unpack what is needed (${gigabytes(unpackedBytes)}) to ${runtime}. ${gigabytes(setupDiskBytes(lacking, {download: toDownload.length > 0}))} of disk have to be free.`,
	];
}
