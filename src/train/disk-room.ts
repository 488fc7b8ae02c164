import fs from 'node:fs';
import path from 'node:path';

/** What is to be written does not fit on the disk. */
export class DiskRoomError extends Error {
	readonly action: string;

	constructor(message: string, action: string) {
		super(message);
		this.name = 'DiskRoomError';
		this.action = action;
	}
}

/** Bytes that this user may still write on the disk of `folder`, which need not exist yet. */
export function freeBytes(folder: string): number {
	let existing = path.resolve(folder);
	while (!fs.existsSync(existing)) {
		existing = path.dirname(existing);
	}

	const {bavail, bsize} = fs.statfsSync(existing);
	return bavail * bsize;
}

/**
 * Checks, before anything is written, that it will fit.
 * @param purpose what needs the room, as in "The checkpoint of step 400"
 * @throws DiskRoomError
 */
export function requireRoom(folder: string, bytes: number, purpose: string): void {
	const free = freeBytes(folder);
	if (free < bytes) {
		throw new DiskRoomError(
			`${purpose} needs ${gibibytes(bytes)} and the disk of ${folder} has ${gibibytes(free)} left.`,
			`Free ${gibibytes(bytes - free)} there, keep fewer checkpoints, or keep runs on another disk with DREAMBOOTH_RUNS=FOLDER.`,
		);
	}
}

function gibibytes(bytes: number): string {
	return bytes < 0.1 * 2 ** 30 ? `${Math.ceil(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
