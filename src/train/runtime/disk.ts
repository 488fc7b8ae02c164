import {diskRoom} from '../../presets/index.ts';
import {SetupError} from './setup-error.ts';
import type {Wheel} from './wheel.ts';

/** The addon, the lock, and what a file system takes for itself. */
const MARGIN_BYTES = 100e6;

/** Free disk that a set-up needs: the libraries, and the largest wheel where they are downloaded first, one after another. */
export const setupDiskBytes = (wheels: readonly Wheel[], {download}: {readonly download: boolean}): number =>
	wheels.reduce((sum, {unpackedBytes}) => sum + unpackedBytes, MARGIN_BYTES) + (download ? Math.max(0, ...wheels.map(({bytes}) => bytes)) : 0);

const elsewhere = 'or keep the runtime on another disk: DREAMBOOTH_HOME=FOLDER';

/** @throws SetupError when the disk of the folder has less than this left */
export function requireRoom(folder: string, neededBytes: number): void {
	const {freeBytes} = diskRoom(folder);
	if (freeBytes >= neededBytes) return;
	throw new SetupError(
		`Setting up TensorFlow needs ${gigabytes(neededBytes)} and the disk of ${folder} has ${(Math.floor(freeBytes / 1e8) / 10).toFixed(1)} GB left.`,
		`Free ${gigabytes(neededBytes - freeBytes)} there, ${elsewhere}`,
	);
}

export const diskFull = (folder: string, options?: ErrorOptions): SetupError => new SetupError(`The disk of ${folder} is full.`, `Free some room there (dreambooth setup --dry-run says how much it takes), ${elsewhere}`, options);

/** Does work that writes to a folder; that its disk is full is said in words for the person. @throws SetupError */
export async function onDisk<T>(folder: string, work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		const {code} = error as NodeJS.ErrnoException;
		throw code === 'ENOSPC' || code === 'EDQUOT' ? diskFull(folder, {cause: error}) : error;
	}
}

/** Rounded up: who frees as much as is asked for has enough. */
const gigabytes = (bytes: number): string => `${(Math.ceil(bytes / 1e8) / 10).toFixed(1)} GB`;
