import {readFile, readdir, writeFile} from 'node:fs/promises';
import {crc32, deflateSync} from 'node:zlib';
import sharp from 'sharp';
import {describe, expect, test} from 'vitest';
import {readPngText, writePng} from '../../../src/train/data/index.ts';
import {temporaryFolder} from './folder.ts';

const folder = temporaryFolder();
const picture = {width: 3, height: 2, pixels: Uint8Array.from({length: 18}, (_, i) => i * 14)};

/** A chunk by the PNG specification, written apart from the product. */
function chunk(type: string, contents: Buffer): Buffer {
	const body = Buffer.concat([Buffer.from(type, 'latin1'), contents]);
	const frame = Buffer.alloc(8);
	frame.writeUInt32BE(contents.length, 0);
	frame.writeUInt32BE(crc32(body), 4);
	return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

describe('writePng', () => {
	test('keeps pixels and texts of every script', async () => {
		const text = {parameters: 'a photo of sks dog\nSteps: 20, Sampler: DDIM', prompt: 'ein Hündchen', comment: 'собака 🐶', empty: ''};
		await writePng(folder.file('a.png'), picture, text);
		expect(await readPngText(folder.file('a.png'))).toEqual(text);
		expect([...(await sharp(folder.file('a.png')).raw().toBuffer())]).toEqual([...picture.pixels]);
	});

	test('other programs see the texts: tEXt where Latin-1 suffices, iTXt otherwise, check sums right', async () => {
		await writePng(folder.file('a.png'), picture, {prompt: 'dog', comment: '🐶'});
		const file = await readFile(folder.file('a.png'));
		expect(file.indexOf(chunk('tEXt', Buffer.from('prompt\0dog', 'latin1')))).toBe(33);
		expect(file.includes(chunk('iTXt', Buffer.concat([Buffer.from('comment\0\0\0\0\0'), Buffer.from('🐶')])))).toBe(true);
		expect((await sharp(folder.file('a.png')).metadata()).comments).toContainEqual({keyword: 'prompt', text: 'dog'});
	});

	test('floats are −1 … 1, clipped and rounded', async () => {
		await writePng(folder.file('a.png'), {width: 2, height: 1, pixels: Float32Array.of(-1, 0, 1, -3, 3, 0.5)});
		expect([...(await sharp(folder.file('a.png')).raw().toBuffer())]).toEqual([0, 128, 255, 0, 255, 191]);
	});

	test('replaces an older file and leaves nothing else behind', async () => {
		await writePng(folder.file('a.png'), picture, {seed: '1'});
		await writePng(folder.file('a.png'), picture, {seed: '2'});
		expect(await readPngText(folder.file('a.png'))).toEqual({seed: '2'});
		expect(await readdir(folder.path)).toEqual(['a.png']);
	});

	test('refuses pixels of another size and keywords that PNG does not have', async () => {
		await expect(writePng(folder.file('a.png'), {...picture, width: 4})).rejects.toThrow('24 values, not 18');
		for (const keyword of ['', ' a', 'ключ', 'x'.repeat(80)]) await expect(writePng(folder.file('a.png'), picture, {[keyword]: ''})).rejects.toThrow(RangeError);
		expect(await readdir(folder.path)).toEqual([]);
	});
});

describe('readPngText', () => {
	test('reads compressed texts of other programs', async () => {
		const png = await sharp(picture.pixels, {raw: {width: 3, height: 2, channels: 3}}).png().toBuffer();
		const compressed = deflateSync(Buffer.from('größer', 'latin1'));
		const international = deflateSync(Buffer.from('собака'));
		const chunks = [
			chunk('zTXt', Buffer.concat([Buffer.from('Title\0\0', 'latin1'), compressed])),
			chunk('iTXt', Buffer.concat([Buffer.from('Description\0\u0001\0ru\0Описание\0'), international])),
		];
		await writeFile(folder.file('a.png'), Buffer.concat([png.subarray(0, 33), ...chunks, png.subarray(33)]));
		expect(await readPngText(folder.file('a.png'))).toEqual({Title: 'größer', Description: 'собака'});
	});

	test('a file that is no PNG has no texts', async () => {
		await writeFile(folder.file('a.png'), 'text');
		expect(await readPngText(folder.file('a.png'))).toEqual({});
	});
});
