import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {captionOf, scanFolder} from '../../../src/train/data/index.ts';
import {renderScene, scene, writeWorld, type WorldFolder} from '../../../src/train/world/index.ts';

let root: string;
let order: WorldFolder;
beforeEach(() => {
	root = fs.mkdtempSync(path.join(os.tmpdir(), 'dreambooth-world-'));
	order = {folder: path.join(root, 'world'), seed: 5, heldOut: false, size: 32, from: 990, count: 20};
});
afterEach(() => fs.rmSync(root, {recursive: true, force: true}));

const write = async (changes: Partial<WorldFolder> = {}) => writeWorld({...order, ...changes}, () => undefined);

describe('a folder of the world', () => {
	test('holds pictures with their captions, as training reads them', async () => {
		const shares: number[] = [];
		expect(await writeWorld(order, share => shares.push(share))).toEqual({drawn: 20, kept: 0});
		expect(shares.at(-1)).toBe(1);
		expect(shares).toEqual(shares.toSorted((a, b) => a - b));
		const {images, skipped} = await scanFolder(order.folder);
		expect(skipped).toEqual([]);
		expect(images.map(({file}) => path.relative(order.folder, file)).filter((_, i) => i % 10 < 1)).toEqual(['0000/0000990.png', '0001/0001000.png']);
		for (const [i, {file, width, height}] of images.entries()) {
			const {svg, caption} = scene(5, 990 + i);
			expect([width, height, await captionOf(file)]).toEqual([32, 32, caption]);
			const alone = await renderScene(svg, 32);
			expect(Math.max(...Array.from(await sharp(file).raw().toBuffer(), (value, at) => Math.abs(value - alone[at])))).toBeLessThanOrEqual(1);
		}
	});

	test('is completed: what is there is kept, what is missing is drawn', async () => {
		await write({count: 8});
		const [touched, removed] = ['0000/0000991.png', '0000/0000992.png'].map(name => path.join(order.folder, name));
		const before = fs.readFileSync(removed);
		fs.writeFileSync(touched, 'mine');
		fs.rmSync(removed);
		expect(await write()).toEqual({drawn: 13, kept: 7});
		expect(fs.readFileSync(touched, 'utf8')).toBe('mine');
		expect(fs.readFileSync(removed).equals(before)).toBe(true);
	});

	test('is written by two calls at the same time', async () => {
		await Promise.all([write({count: 10}), write({from: 1000, count: 10})]);
		expect((await scanFolder(order.folder)).images).toHaveLength(20);
		expect(await write()).toEqual({drawn: 0, kept: 20});
	});

	test('is not begun where other things are, nor mixed with pictures of another series', async () => {
		fs.mkdirSync(order.folder);
		fs.writeFileSync(path.join(order.folder, 'holiday.jpg'), 'x');
		await expect(write()).rejects.toThrow(`The folder ${order.folder} holds other things`);
		const folder = path.join(root, 'other');
		await write({folder, count: 1});
		for (const change of [{seed: 6}, {size: 64}, {heldOut: true}]) await expect(write({folder, ...change})).rejects.toThrow(`The folder ${folder} holds other pictures of the world`);
		await expect(write({folder: path.join(order.folder, 'holiday.jpg')})).rejects.toThrow('is a file, or lies in one.');
		expect(fs.readdirSync(order.folder)).toEqual(['holiday.jpg']);
	});
});

describe('the facts file', () => {
	test('says of every picture what it shows, drawn now or before', async () => {
		const factsFile = path.join(root, 'facts.jsonl');
		await write({count: 3});
		await write({factsFile});
		await write({factsFile});
		const lines = fs.readFileSync(factsFile, 'utf8').trimEnd().split('\n').map(line => JSON.parse(line) as object);
		expect(lines).toHaveLength(20);
		for (const [i, line] of lines.entries()) {
			const {caption, facts} = scene(5, 990 + i);
			expect(line).toEqual({image: `${i < 10 ? '0000/0000' : '0001/000'}${990 + i}.png`, caption, ...facts});
		}
	});

	test('replaces nothing else', async () => {
		const factsFile = path.join(root, 'letter.txt');
		fs.writeFileSync(factsFile, 'Dear');
		await expect(write({factsFile})).rejects.toThrow(`${factsFile} exists already and is something else`);
		expect(fs.existsSync(order.folder)).toBe(false);
		expect(fs.readFileSync(factsFile, 'utf8')).toBe('Dear');
	});
});
