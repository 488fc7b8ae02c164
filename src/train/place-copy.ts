import {constants, copyFile, link, mkdir, rm} from 'node:fs/promises';
import path from 'node:path';
import {requireRoom} from './disk-room.ts';
import {WeightsError} from './weights/index.ts';

/**
 * Copies a finished file into a folder of the person's, under its own name or, where that is taken, with a number behind it:
 * nothing is overwritten. The copy appears whole or not at all. Returns its path.
 * @throws WeightsError, DiskRoomError
 */
export async function placeCopy(file: string, folder: string, bytes: number): Promise<string> {
	const {name, ext} = path.parse(file);
	const staged = path.join(folder, `.${name}.${process.pid}.part`);
	try {
		await mkdir(folder, {recursive: true});
		requireRoom(folder, bytes, `The copy of ${name}${ext}`);
		await copyFile(file, staged, constants.COPYFILE_FICLONE);
		for (let number = 1; ; number++) {
			const target = path.join(folder, `${name}${number === 1 ? '' : `-${number}`}${ext}`);
			try {
				// A link fails where a rename would replace.
				await link(staged, target);
				return target;
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
			}
		}
	} catch (error) {
		if (error instanceof Error && 'action' in error) throw error;
		throw new WeightsError(`${file} could not be copied to ${folder}: ${error instanceof Error ? error.message : String(error)}`, {action: 'The finished file is where it was; copy it yourself.', cause: error});
	} finally {
		await rm(staged, {force: true}).catch(() => undefined);
	}
}
