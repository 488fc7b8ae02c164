import {rename, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {atOnce} from '../at-once.ts';
import {encodePng} from '../data/index.ts';
import {factsLine} from './facts-file.ts';
import {renderScenes, SCENES_AT_ONCE} from './render.ts';
import {scene} from './scene.ts';

/** What makes the pictures of a folder those and no others. */
export interface WorldSeries {
	readonly seed: number;
	readonly heldOut: boolean;
	/** Pixels along one side. */
	readonly size: number;
}

export interface Drawing {
	/** With the subfolders that the pictures go into. */
	readonly folder: string;
	readonly series: WorldSeries;
	/** The pictures to draw. */
	readonly indexes: readonly number[];
}

/** Pictures that are written now: for each its index and its line of the facts file. */
export type DrawnPictures = readonly {readonly index: number; readonly line: string}[];

const PICTURES_IN_FOLDER = 1000;
/** Under way, so that none waits for the disk. */
const COLUMNS_AT_ONCE = 4;

/** Below the folder, without extension: 0012/0012345. */
export const pictureName = (index: number): string => `${blockName(index)}/${String(index).padStart(7, '0')}`;
export const blockName = (index: number): string => String(Math.floor(index / PICTURES_IN_FOLDER)).padStart(4, '0');

/** Draws pictures and writes each with its caption beside it. */
export async function drawPictures({folder, series, indexes}: Drawing, tell: (drawn: DrawnPictures) => void): Promise<void> {
	const wanted = new Set(indexes);
	await atOnce(columnsOf(indexes), COLUMNS_AT_ONCE, async column => {
		const scenes = column.map(index => scene(series.seed, index, series));
		const pictures = await renderScenes(scenes.map(({svg}) => svg), series.size);
		const drawn: {index: number; line: string}[] = [];
		for (const [row, index] of column.entries()) {
			if (!wanted.has(index)) continue;
			const name = pictureName(index);
			// The picture comes last: where it is, its caption is.
			await writeWhole(path.join(folder, `${name}.txt`), `${scenes[row].caption}\n`);
			await writeWhole(path.join(folder, `${name}.png`), encodePng({width: series.size, height: series.size, pixels: pictures[row]}));
			drawn.push({index, line: factsLine(`${name}.png`, scenes[row])});
		}
		tell(drawn);
	});
}

/** The indexes that are drawn together: those of a column stay together whichever of them is wanted, so that no pixel depends on that. */
function columnsOf(indexes: readonly number[]): number[][] {
	const columns = new Set(indexes.map(index => Math.floor(index / SCENES_AT_ONCE)));
	return Array.from(columns, column => Array.from({length: SCENES_AT_ONCE}, (_, row) => column * SCENES_AT_ONCE + row));
}

/** There completely or not at all. Not synced to the disk: that would take longer than all the rest, and what a power cut spoils can be drawn again. */
async function writeWhole(file: string, contents: string | Uint8Array): Promise<void> {
	const staged = path.join(path.dirname(file), `.${path.basename(file)}.part`);
	await writeFile(staged, contents);
	await rename(staged, file);
}
