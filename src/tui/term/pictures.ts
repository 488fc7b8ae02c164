import {setTimeout as delay} from 'node:timers/promises';
import type {Capabilities} from './capabilities.ts';
import {halfBlocks, shades} from './half-blocks.ts';
import type {ImageRows} from './image-rows.ts';

/** Longer than a frame waits to be sent. */
const AFTER_THE_FRAME_MS = 20;
/** A few views of a few dozen samples; one picture of 48x24 cells in truecolour is 44 kB. */
const KEPT_PICTURES = 48;

/** The largest size in cells, within the given, that keeps the shape of a picture; a cell is twice as high as wide. */
export function pictureSize({width, height}: {width: number; height: number}, {columns, rows}: {columns: number; rows: number}): {columns: number; rows: number} {
	const scale = Math.min(columns / width, (rows * 2) / height);
	return {
		columns: Math.max(1, Math.min(columns, Math.round(width * scale))),
		rows: Math.max(1, Math.min(rows, Math.round((height * scale) / 2))),
	};
}

/**
 * An image file -> rows of a terminal, `columns` wide each.
 * Throws what sharp throws when the file is missing or no image.
 */
export async function renderPicture(file: string, {columns, rows, terminal}: {columns: number; rows: number; terminal: Capabilities}): Promise<string[]> {
	const {default: sharp} = await import('sharp');
	const height = rows * 2;
	const rgb = await sharp(file).autoOrient().flatten({background: '#000000'}).toColourspace('srgb').resize(columns, height, {fit: 'fill', kernel: 'lanczos3'}).removeAlpha().raw().toBuffer();
	const pixels = {rgb, width: columns, height};
	return terminal.pictures === 'half-blocks' ? halfBlocks(pixels, {colors: terminal.colors === 16_777_216 ? 16_777_216 : 256}) : shades(pixels);
}

export type Picture = {readonly state: 'ready'; readonly rows: readonly string[]} | {readonly state: 'loading'} | {readonly state: 'unreadable'; readonly reason: string};

/** `columns` and `rows`: of the picture, in cells. `version`: changes when the file does. */
export interface PictureRequest {
	readonly file: string;
	readonly version: number;
	readonly columns: number;
	readonly rows: number;
}

interface Kept {
	picture: Picture;
}

/** Placeholder rows by file and size, drawn off the render path: `request` answers at once, and `subscribe` tells when a picture has become ready. */
export class PictureCache {
	readonly terminal: Capabilities;
	readonly #images: ImageRows;
	readonly #kept = new Map<string, Kept>();
	readonly #listeners = new Set<() => void>();

	constructor(images: ImageRows, terminal: Capabilities) {
		this.#images = images;
		this.terminal = terminal;
	}

	readonly request = ({file, version, columns, rows}: PictureRequest): Picture => {
		const key = `${columns}x${rows} ${version} ${file}`;
		const known = this.#kept.get(key);
		if (known) {
			// The latest wanted is the last to go.
			this.#kept.delete(key);
			this.#kept.set(key, known);
			return known.picture;
		}

		const entry: Kept = {picture: {state: 'loading'}};
		this.#kept.set(key, entry);
		this.#forgetOldest();
		void this.#draw(entry, {file, columns, rows, key});
		return entry.picture;
	};

	readonly subscribe = (listener: () => void): (() => void) => {
		this.#listeners.add(listener);
		return () => {
			this.#listeners.delete(listener);
		};
	};

	async #draw(entry: Kept, {file, columns, rows, key}: {file: string; columns: number; rows: number; key: string}): Promise<void> {
		// What is there already is shown first: loading sharp takes longer than a frame.
		await delay(AFTER_THE_FRAME_MS);
		try {
			const ansi = await renderPicture(file, {columns, rows, terminal: this.terminal});
			if (this.#kept.get(key) === entry) {
				entry.picture = {state: 'ready', rows: this.#images.add(ansi, columns)};
			}
		} catch (error) {
			entry.picture = {state: 'unreadable', reason: error instanceof Error ? error.message : String(error)};
		}

		for (const listener of this.#listeners) {
			listener();
		}
	}

	#forgetOldest(): void {
		const [oldest] = this.#kept;
		if (oldest && this.#kept.size > KEPT_PICTURES) {
			const [key, {picture}] = oldest;
			this.#kept.delete(key);
			if (picture.state === 'ready') {
				this.#images.remove(picture.rows);
			}
		}
	}
}
