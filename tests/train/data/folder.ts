import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp, {type Sharp} from 'sharp';
import {afterEach, beforeEach} from 'vitest';

/** An empty folder for every test, removed afterwards. */
export function temporaryFolder(): {readonly path: string; file(name: string): string} {
	let folder = '';
	beforeEach(async () => {
		folder = await mkdtemp(path.join(os.tmpdir(), 'dreambooth-data-'));
	});
	afterEach(() => rm(folder, {recursive: true, force: true}));
	return {
		get path() {
			return folder;
		},
		file: name => path.join(folder, name),
	};
}

/** An image with a value of its own at every pixel, so that a shift or a mirror shows. */
export function gradient(width: number, height: number): Sharp {
	const pixels = Uint8Array.from({length: width * height * 3}, (_, i) => (i * 7 + Math.floor(i / (width * 3)) * 13) % 256);
	return sharp(pixels, {raw: {width, height, channels: 3}});
}
