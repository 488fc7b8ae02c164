import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import {afterAll, beforeAll, describe, expect, test, vi} from 'vitest';
import {capabilities, halfBlocks, ImageRows, nearestPaletteColor, PictureCache, pictureSize, renderPicture, shades} from '../../../src/tui/term/index.ts';
import {FakeTerminal} from './fake-terminal.ts';

const terminal256 = capabilities({TERM: 'xterm-256color', LANG: 'C.UTF-8'}, {terminal: true});

/** Red over blue on the left, green twice on the right. */
const pixels = {rgb: Uint8Array.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 255, 0]), width: 2, height: 2};

describe('half blocks', () => {
	test.each([
		[256 as const, {upper: 196, lower: 21, both: 46}],
		[16_777_216 as const, {upper: 0xFF_00_00, lower: 0x00_00_FF, both: 0x00_FF_00}],
	])('show two pixels a cell with %i colours', async (colors, {upper, lower, both}) => {
		const terminal = new FakeTerminal(4, 1);
		const rows = halfBlocks(pixels, {colors});
		expect(rows).toHaveLength(1);
		terminal.write(`${rows[0]}|`);
		expect(await terminal.cell(0, 0)).toMatchObject({text: '▀', foreground: upper, background: lower});
		expect(await terminal.cell(1, 0)).toMatchObject({text: ' ', background: both});
		expect(await terminal.cell(2, 0)).toMatchObject({text: '|', foreground: -1, background: -1});
	});

	test.each([
		[[0, 0, 0], 16], [[255, 255, 255], 231], [[255, 0, 0], 196], [[128, 128, 128], 244], [[95, 135, 175], 67], [[8, 8, 8], 232], [[1, 2, 250], 21],
	])('the palette colour nearest to %j is %i', ([red, green, blue], expected) => {
		expect(nearestPaletteColor(red!, green!, blue!)).toBe(expected);
	});

	test('no colour of the palette is nearer than the chosen one', () => {
		const levels = [0, 95, 135, 175, 215, 255];
		const palette = [...Array.from({length: 216}, (_, index) => [levels[Math.floor(index / 36)]!, levels[Math.floor(index / 6) % 6]!, levels[index % 6]!]),
			...Array.from({length: 24}, (_, index) => [8 + 10 * index, 8 + 10 * index, 8 + 10 * index])];
		const error = (index: number, color: number[]): number => palette[index]!.reduce((sum, value, channel) => sum + (value - color[channel]!) ** 2, 0);
		for (let red = 0; red < 256; red += 37) {
			for (let green = 0; green < 256; green += 41) {
				for (let blue = 0; blue < 256; blue += 43) {
					const color = [red, green, blue];
					const least = Math.min(...palette.map((_, index) => error(index, color)));
					expect(error(nearestPaletteColor(red, green, blue) - 16, color)).toBe(least);
				}
			}
		}
	});
});

test('shades go from blank for black to @ for white', () => {
	expect(shades({rgb: Uint8Array.from([0, 0, 0, 255, 255, 255, 0, 0, 0, 255, 255, 255]), width: 2, height: 2})).toEqual([' @']);
});

test.each([
	[{width: 512, height: 512}, {columns: 24, rows: 12}, {columns: 24, rows: 12}],
	[{width: 512, height: 512}, {columns: 80, rows: 18}, {columns: 36, rows: 18}],
	[{width: 512, height: 768}, {columns: 24, rows: 12}, {columns: 16, rows: 12}],
	[{width: 1024, height: 256}, {columns: 24, rows: 12}, {columns: 24, rows: 3}],
])('a picture of %j in %j takes %j', (image, area, expected) => {
	expect(pictureSize(image, area)).toEqual(expected);
});

describe('picture files', () => {
	let folder: string;
	beforeAll(async () => {
		folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pictures-'));
		await sharp({create: {width: 64, height: 64, channels: 3, background: '#ff0000'}}).png().toFile(path.join(folder, 'red.png'));
	});
	afterAll(() => fs.rmSync(folder, {recursive: true}));

	test('are drawn in the asked-for size', async () => {
		const rows = await renderPicture(path.join(folder, 'red.png'), {columns: 8, rows: 4, terminal: terminal256});
		expect(rows).toHaveLength(4);
		expect(rows.every(row => row.includes('48;5;196'))).toBe(true);
	});

	test('are loaded off the render path, once', async () => {
		const images = new ImageRows();
		const pictures = new PictureCache(images, terminal256);
		const told = vi.fn();
		pictures.subscribe(told);
		const file = path.join(folder, 'red.png');
		expect(pictures.request({file, version: 0, columns: 8, rows: 4})).toEqual({state: 'loading'});
		await vi.waitFor(() => expect(told).toHaveBeenCalled());
		const picture = pictures.request({file, version: 0, columns: 8, rows: 4});
		expect(picture).toMatchObject({state: 'ready'});
		expect(pictures.request({file, version: 0, columns: 8, rows: 4})).toBe(picture);
		expect(images.expandRun(images.expand(picture.state === 'ready' ? picture.rows[0]! : ''))).toContain('48;5;196');
	});

	test('that cannot be read say why', async () => {
		const pictures = new PictureCache(new ImageRows(), terminal256);
		const file = path.join(folder, 'missing.png');
		pictures.request({file, version: 0, columns: 8, rows: 4});
		await vi.waitFor(() => expect(pictures.request({file, version: 0, columns: 8, rows: 4})).toMatchObject({state: 'unreadable', reason: expect.stringContaining('missing')}));
	});
});
