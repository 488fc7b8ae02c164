import {setTimeout as delay} from 'node:timers/promises';
import type {Capabilities} from './capabilities.ts';
import {halfBlocks, shades} from './half-blocks.ts';
import type {ImageRows} from './image-rows.ts';
import {GREATEST_ID, kittyPicture, MOST_ROWS, type KittyPicture} from './kitty.ts';

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

/** Pixels of a cell when nobody says: enough for most fonts, little enough for a link. */
const CELL_PIXELS = {width: 10, height: 20} as const;
const PALETTE = 128;

/** An image file as the terminal itself draws it. Throws what sharp throws when the file is missing or no image. */
async function renderKitty(file: string, {columns, rows, id}: {columns: number; rows: number; id: number}): Promise<KittyPicture> {
	const {default: sharp} = await import('sharp');
	const png = await sharp(file).autoOrient().flatten({background: '#000000'}).toColourspace('srgb')
		.resize(columns * CELL_PIXELS.width, rows * CELL_PIXELS.height, {fit: 'fill', kernel: 'lanczos3'})
		.png({palette: true, colours: PALETTE}).toBuffer();
	return kittyPicture(png, {id, columns, rows});
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
	/** Begins anywhere: other programs have pictures on the same terminal. */
	#id = Math.floor(Math.random() * GREATEST_ID);

	constructor(images: ImageRows, terminal: Capabilities) {
		this.#images = images;
		this.terminal = terminal;
		images.whenKitty(() => {
			this.#forgetAll();
			this.#tell();
		});
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
			const drawn = this.#images.kitty && rows <= MOST_ROWS ? await renderKitty(file, {columns, rows, id: this.#nextId()}) : undefined;
			const ansi = drawn?.rows ?? await renderPicture(file, {columns, rows, terminal: this.terminal});
			if (this.#kept.get(key) === entry) {
				entry.picture = {state: 'ready', rows: this.#images.add(ansi, columns, drawn)};
			}
		} catch (error) {
			entry.picture = {state: 'unreadable', reason: error instanceof Error ? error.message : String(error)};
		}

		this.#tell();
	}

	#tell(): void {
		for (const listener of this.#listeners) {
			listener();
		}
	}

	#nextId(): number {
		this.#id = (this.#id % GREATEST_ID) + 1;
		return this.#id;
	}

	#forgetAll(): void {
		for (const {picture} of this.#kept.values()) {
			if (picture.state === 'ready') {
				this.#images.remove(picture.rows);
			}
		}

		this.#kept.clear();
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
