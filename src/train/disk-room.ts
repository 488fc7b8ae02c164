import {diskRoom, formatBytes} from '../presets/index.ts';

/** What is to be written does not fit on the disk. */
export class DiskRoomError extends Error {
	readonly action: string;

	constructor(message: string, action: string) {
		super(message);
		this.name = 'DiskRoomError';
		this.action = action;
	}
}

/**
 * Checks, before anything is written, that it will fit on the disk of `folder`, which need not exist yet.
 * @param purpose what needs the room, as in "The checkpoint of step 400"
 * @param instead what the person can do rather than free some
 * @throws DiskRoomError
 */
export function requireRoom(folder: string, bytes: number, purpose: string, instead = 'keep fewer checkpoints, or keep runs on another disk with DREAMBOOTH_RUNS=FOLDER'): void {
	const {freeBytes} = diskRoom(folder);
	if (freeBytes < bytes) {
		throw new DiskRoomError(
			`${purpose} needs ${formatBytes(bytes)} and the disk of ${folder} has ${formatBytes(freeBytes)} left.`,
			`Free ${formatBytes(bytes - freeBytes)} there, ${instead}.`,
		);
	}
}
