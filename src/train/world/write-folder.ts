import {mkdir, readdir, readFile} from 'node:fs/promises';
import path from 'node:path';
import {DataError} from '../data/index.ts';
import {requireRoom} from '../disk-room.ts';
import {atomicWriteFile} from '../weights/index.ts';
import {drawInThreads} from './draw-in-threads.ts';
import {blockName, pictureName, type WorldSeries} from './draw-pictures.ts';
import {factsLine, requireOwnFacts} from './facts-file.ts';
import {scene} from './scene.ts';

export interface WorldFolder extends WorldSeries {
	/** Missing, empty, or with pictures of the same series. */
	readonly folder: string;
	/** Index of the first picture. */
	readonly from: number;
	readonly count: number;
	/** The file for the facts of all of these pictures, one JSON object a line. */
	readonly factsFile?: string;
}

export interface WorldWritten {
	readonly drawn: number;
	/** Pictures that were there. */
	readonly kept: number;
}

/** Says whose folder it is. Hidden: it is no image that training would have to skip. */
const RECORD = '.dreambooth-world.json';
/** For each pixel of a side a picture takes 28 bytes at 64 pixels, 36 at 1024. */
const BYTES_OF_SIDE = 40;
const DISK_BLOCK = 4096;

/**
 * Writes pictures with their captions beside them, a thousand in a folder. What is there is kept, so that an interrupted call goes on
 * where it was; several calls may write parts of one series at the same time.
 * @param tell hears the share that is done, 0 ... 1
 * @throws DataError for a folder or facts file with other things in it, DiskRoomError
 */
export async function writeWorld({folder, from, count, factsFile, ...series}: WorldFolder, tell: (share: number) => void): Promise<WorldWritten> {
	if (factsFile !== undefined) await requireOwnFacts(factsFile);
	await claimFolder(folder, series);
	const missing = await missingPictures(folder, {from, count});
	const bytes = missing.length * (DISK_BLOCK + Math.ceil((series.size * BYTES_OF_SIDE) / DISK_BLOCK) * DISK_BLOCK);
	requireRoom(folder, bytes, `Drawing ${missing.length} pictures`, 'draw fewer, or give a folder on another disk');
	const lines: string[] = [];
	let drawn = 0;
	await drawInThreads({folder, series, indexes: missing}, pictures => {
		if (factsFile !== undefined) {
			for (const {index, line} of pictures) lines[index - from] = line;
		}
		tell((drawn += pictures.length) / missing.length);
	});
	if (factsFile !== undefined) {
		const all = Array.from({length: count}, (_, i) => lines[i] ?? factsLine(`${pictureName(from + i)}.png`, scene(series.seed, from + i, series)));
		await atomicWriteFile(factsFile, all.join(''));
	}
	return {drawn, kept: count - missing.length};
}

/** Makes the folder, or makes sure that the pictures in it are of this series. */
async function claimFolder(folder: string, {seed, heldOut, size}: WorldSeries): Promise<void> {
	await mkdir(folder, {recursive: true}).catch((error: NodeJS.ErrnoException) => {
		throw error.code === 'EEXIST' || error.code === 'ENOTDIR' ? new DataError(`${folder} is a file, or lies in one.`, {action: 'Give a folder that is not there yet.'}) : error;
	});
	const record = `${JSON.stringify({seed, heldOut, size})}\n`;
	const names = await readdir(folder);
	// Another call, which has just begun, may be writing its record.
	if (names.every(name => name.endsWith('.part'))) {
		await atomicWriteFile(path.join(folder, RECORD), record);
		return;
	}
	if (!names.includes(RECORD)) throw new DataError(`The folder ${folder} holds other things, which might be mixed up with the pictures.`, {action: 'Give an empty folder, or one that is not there yet.'});
	const found = await readFile(path.join(folder, RECORD), 'utf8');
	if (found !== record) throw new DataError(`The folder ${folder} holds other pictures of the world, ${found.trim()}, not ${record.trim()}.`, {action: 'Give the same seed, size and --held-out to go on with it, or another folder.'});
}

/** The indexes of those that are not there, in their order. Makes the folders they go into. */
async function missingPictures(folder: string, {from, count}: {from: number; count: number}): Promise<number[]> {
	const missing: number[] = [];
	const end = from + count;
	for (let index = from; index < end;) {
		const block = path.join(folder, blockName(index));
		await mkdir(block, {recursive: true});
		const names = new Set(await readdir(block));
		for (const first = blockName(index); index < end && blockName(index) === first; index++) {
			if (!names.has(`${path.basename(pictureName(index))}.png`)) missing.push(index);
		}
	}
	return missing;
}
