import {mkdir, readdir, readFile, rename, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {atOnce} from '../at-once.ts';
import {DataError, encodePng} from '../data/index.ts';
import {requireRoom} from '../disk-room.ts';
import {atomicWriteFile} from '../weights/index.ts';
import {factsLine, requireOwnFacts} from './facts-file.ts';
import {renderScenes, SCENES_AT_ONCE} from './render.ts';
import {scene} from './scene.ts';

/** What makes the pictures of a folder those and no others. */
export interface WorldSeries {
	readonly seed: number;
	readonly heldOut: boolean;
	/** Pixels along one side. */
	readonly size: number;
}

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
const PICTURES_IN_FOLDER = 1000;
/** Rounded up from what pictures of 64 pixels take (0.44), larger ones take less. */
const BYTES_OF_PIXEL = 0.5;
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
	const bytes = missing.length * (DISK_BLOCK + Math.ceil((series.size ** 2 * BYTES_OF_PIXEL) / DISK_BLOCK) * DISK_BLOCK);
	requireRoom(folder, bytes, `${missing.length} pictures`, 'draw fewer, or give a folder on another disk');
	const wanted = new Set(missing);
	const lines: string[] = [];
	let drawn = 0;
	await atOnce(columnsOf(missing), 2 * os.availableParallelism(), async indexes => {
		const scenes = indexes.map(index => scene(series.seed, index, series));
		const pictures = await renderScenes(scenes.map(({svg}) => svg), series.size);
		for (const [i, index] of indexes.entries()) {
			if (!wanted.has(index)) continue;
			const place = path.join(folder, pictureName(index));
			// The picture comes last: where it is, its caption is.
			await writeWhole(`${place}.txt`, `${scenes[i].caption}\n`);
			await writeWhole(`${place}.png`, encodePng({width: series.size, height: series.size, pixels: pictures[i]}));
			if (factsFile !== undefined) lines[index - from] = factsLine(`${pictureName(index)}.png`, scenes[i]);
			drawn++;
		}
		tell(drawn / missing.length);
	});
	if (factsFile !== undefined) {
		const all = Array.from({length: count}, (_, i) => lines[i] ?? factsLine(`${pictureName(from + i)}.png`, scene(series.seed, from + i, series)));
		await atomicWriteFile(factsFile, all.join(''));
	}
	return {drawn, kept: count - missing.length};
}

/** The indexes that are drawn together: those of a column stay together whichever of them is wanted, so that no pixel depends on that. */
function columnsOf(indexes: readonly number[]): number[][] {
	const columns = new Set(indexes.map(index => Math.floor(index / SCENES_AT_ONCE)));
	return Array.from(columns, column => Array.from({length: SCENES_AT_ONCE}, (_, row) => column * SCENES_AT_ONCE + row));
}

/** Below the folder, without extension: 0012/0012345. */
const pictureName = (index: number): string => `${blockName(index)}/${String(index).padStart(7, '0')}`;
const blockName = (index: number): string => String(Math.floor(index / PICTURES_IN_FOLDER)).padStart(4, '0');

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
		const blockEnd = Math.min(end, (Math.floor(index / PICTURES_IN_FOLDER) + 1) * PICTURES_IN_FOLDER);
		for (; index < blockEnd; index++) {
			if (!names.has(`${path.basename(pictureName(index))}.png`)) missing.push(index);
		}
	}
	return missing;
}

/** There completely or not at all. Not synced to the disk: that would take longer than all the rest, and what a power cut spoils is drawn again. */
async function writeWhole(file: string, contents: string | Uint8Array): Promise<void> {
	const staged = path.join(path.dirname(file), `.${path.basename(file)}.part`);
	await writeFile(staged, contents);
	await rename(staged, file);
}
