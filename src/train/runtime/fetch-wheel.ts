import {createHash} from 'node:crypto';
import {createReadStream, existsSync} from 'node:fs';
import {rm, stat} from 'node:fs/promises';
import path from 'node:path';
import {requireRoom, setupDiskBytes} from './disk.ts';
import {downloadByPip} from './pip.ts';
import {byteProgress, type Share, type Tell} from './progress.ts';
import {SetupError} from './setup-error.ts';
import {downloadFolder, pipArguments, wheelFile, type Wheel} from './wheel.ts';

export interface WheelSource {
	readonly wheel: Wheel;
	/** Where everything fetched is kept. */
	readonly cache: string;
	/** Folder that holds the wheel, for machines without network. */
	readonly wheels?: string;
	readonly tell: Tell;
	/** Which part of all that is fetched this wheel is. */
	readonly share?: Share;
}

/**
 * The wheel, checked against its digest: from the folder the user names, from an earlier download, or by pip.
 * @throws SetupError
 */
export async function obtainWheel({wheel, cache, wheels, tell, share}: WheelSource): Promise<string> {
	if (wheels !== undefined) return fromFolder(wheel, wheels, cache, tell);
	const file = path.join(downloadFolder(cache), wheelFile(wheel));
	if (existsSync(file) && (await isIntact(wheel, file, tell))) {
		requireRoom(cache, setupDiskBytes([wheel], {download: false}));
		return file;
	}
	await rm(file, {force: true});
	requireRoom(cache, setupDiskBytes([wheel], {download: true}));
	await downloadByPip(wheel, downloadFolder(cache), tell, share);
	if (!(await isIntact(wheel, file, tell))) {
		await rm(file);
		throw new SetupError(`${differs(wheel, wheelFile(wheel))} Another file of that name came from pip's package index.`, 'Check which index pip uses: python3 -m pip config list');
	}
	return file;
}

async function fromFolder(wheel: Wheel, folder: string, cache: string, tell: Tell): Promise<string> {
	requireRoom(cache, setupDiskBytes([wheel], {download: false}));
	requireWheels([wheel], folder);
	const file = path.join(path.resolve(folder), wheelFile(wheel));
	if (!(await isIntact(wheel, file, tell))) throw new SetupError(differs(wheel, file), 'Copy the file again, or download it again on a machine with network.');
	return file;
}

/** All that a folder lacks is said at once, with the command that fetches it elsewhere. @throws SetupError */
export function requireWheels(wheels: readonly Wheel[], folder: string): void {
	const missing = wheels.filter(wheel => !existsSync(path.join(folder, wheelFile(wheel))));
	if (missing.length === 0) return;
	const named = missing.slice(0, 3).map(wheelFile).join('\n');
	const more = missing.length > 3 ? `\nand ${missing.length - 3} more` : '';
	throw new SetupError(
		missing.length === 1 ? `${folder} does not hold ${named}.` : `${folder} does not hold\n${named}${more}`,
		`On a machine with network: python3 ${pipArguments(missing, 'FOLDER').join(' ')}\nThen copy FOLDER here and give it with --wheels.`,
	);
}

const differs = ({sha256}: Wheel, file: string) => `${file} is not the file it should be: its SHA-256 differs from ${sha256}.`;

async function isIntact(wheel: Wheel, file: string, tell: Tell): Promise<boolean> {
	if ((await stat(file)).size !== wheel.bytes) return false;
	const hash = createHash('sha256');
	const progress = byteProgress(`Checking ${wheel.name} ${wheel.version}`, wheel.bytes, tell);
	let done = 0;
	for await (const piece of createReadStream(file, {highWaterMark: 2 ** 20}) as AsyncIterable<Buffer>) {
		hash.update(piece);
		progress((done += piece.length));
	}
	return hash.digest('hex') === wheel.sha256;
}
