import fs from 'node:fs';
import {readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {DataError, loadImage, type ImageToLoad} from '../../../src/train/data/index.ts';
import {buildPrograms} from '../processes/world.ts';
import {gradient, temporaryFolder} from './folder.ts';

const folder = temporaryFolder();
const manyFiles = 100_000;
let programs: string;
let reading: typeof import('../../../src/train/data/image-reader.ts');

beforeAll(async () => {
	programs = await buildPrograms({images: 'src/train/data/image-process.ts', reader: 'src/train/data/image-reader.ts'});
	reading = await import(pathToFileURL(path.join(programs, 'reader.js')).href) as typeof reading;
});
afterAll(() => fs.rmSync(programs, {recursive: true}));

test('processes see what one sees, and tell how far they are', async () => {
	const names = Array.from({length: 70}, (_, i) => folder.file(`${i}.png`));
	for (const [i, file] of names.entries()) await gradient(8 + (i % 5), 8).png().toFile(file);
	await writeFile(folder.file('7.png'), '');
	const whole = await readFile(folder.file('8.png'));
	await writeFile(folder.file('8.png'), whole.subarray(0, whole.length - 20));
	const files = [...names, folder.file('gone.png')].map(file => ({file}));
	const [many, one] = [new reading.ImageReader(manyFiles), new reading.ImageReader(1)];
	try {
		const told: number[] = [];
		const seen = await many.look(files, async done => void told.push(done));
		expect(seen).toEqual(await one.look(files));
		expect(seen.filter(each => 'reason' in each)).toHaveLength(3);
		expect(told.at(-1)).toBe(71);
		// By processes: otherwise each file would be told of.
		expect(told.length).toBeLessThan(10);
	} finally {
		many.close();
	}
});

test('processes load what one loads, and a fault says what to do', async () => {
	const file = folder.file('a.png');
	await gradient(40, 30).png().toFile(file);
	const images: ImageToLoad[] = Array.from({length: 21}, (_, i) => ({file, fit: {width: 16, height: 8 + i, crop: 'center', flip: i % 2 === 0}}));
	const reader = new reading.ImageReader(manyFiles);
	try {
		expect(await reader.load(images)).toEqual(await Promise.all(images.map(({fit}) => loadImage(file, fit))));
		const missing = reader.load([{file: folder.file('gone.png'), fit: images[0].fit}]);
		await expect(missing).rejects.toMatchObject({name: 'DataError', message: expect.stringContaining('gone.png'), action: expect.stringMatching(/Replace it/)} satisfies Partial<DataError>);
	} finally {
		reader.close();
	}
});
