import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {scene, writeWorld} from '../../src/train/world/index.ts';
import {buildPrograms} from '../train/processes/world.ts';

let programs: string;
let here: string;
beforeAll(async () => {
	programs = await buildPrograms({cli: 'src/cli.ts', world: 'src/train/world/drawing-thread.ts'});
	here = fs.mkdtempSync(path.join(os.tmpdir(), 'dreambooth-world-'));
});
afterAll(() => {
	for (const each of [programs, here]) fs.rmSync(each, {recursive: true, force: true});
});

function world(...args: string[]): {code: number | null; out: string; err: string} {
	const {status, stdout, stderr} = spawnSync(process.execPath, [path.join(programs, 'cli.js'), 'world', ...args], {cwd: here, encoding: 'utf8', env: {...process.env, NODE_ENV: 'production'}});
	return {code: status, out: stdout.replaceAll(here, 'HERE'), err: stderr.replaceAll(here, 'HERE')};
}

describe('dreambooth world', () => {
	test('draws pictures with captions, goes on with them, and says how to train on them', () => {
		const last = 'To train on them: this folder as instanceImages, and [filewords] as instancePrompt.\n';
		expect(world('toys', '--count', '3', '--seed', '2')).toEqual({code: 0, err: '', out: `HERE/toys\n3 pictures of 64x64 drawn\n${last}`});
		expect(world('toys', '--count', '5', '--seed', '2', '--facts', 'toys.jsonl')).toEqual({code: 0, err: '', out: `HERE/toys\n2 pictures of 64x64 drawn, 3 were there\n${last}`});
		expect(fs.readFileSync(path.join(here, 'toys/0000/0000004.txt'), 'utf8')).toBe(`${scene(2, 4).caption}\n`);
		expect(fs.readFileSync(path.join(here, 'toys.jsonl'), 'utf8').split('\n')[4]).toContain(`"class":"${scene(2, 4).facts.class}"`);
	});

	test('draws with several threads what one would draw', async () => {
		expect(world('many', '--count', '600', '--size', '16', '--facts', 'many.jsonl').code).toBe(0);
		const folder = path.join(here, 'one');
		await writeWorld({folder, seed: 0, heldOut: false, size: 16, from: 0, count: 600, factsFile: path.join(here, 'one.jsonl')}, () => undefined);
		const names = fs.readdirSync(path.join(folder, '0000'));
		expect(names).toHaveLength(1200);
		expect(fs.readdirSync(path.join(here, 'many/0000'))).toEqual(names);
		for (const name of names) expect(fs.readFileSync(path.join(here, 'many/0000', name)).equals(fs.readFileSync(path.join(folder, '0000', name)))).toBe(true);
		expect(fs.readFileSync(path.join(here, 'many.jsonl'), 'utf8')).toBe(fs.readFileSync(path.join(here, 'one.jsonl'), 'utf8'));
	});

	test('draws a sheet with captions below the pictures', async () => {
		expect(world('--sheet', 'sheet.png', '--columns', '3', '--rows', '2', '--held-out')).toEqual({code: 0, err: '', out: 'HERE/sheet.png\n'});
		const {data, info} = await sharp(path.join(here, 'sheet.png')).raw().toBuffer({resolveWithObject: true});
		expect(info).toMatchObject({width: 3 * 168 + 8, channels: 3});
		const strip = (from: number, to: number) => new Set(data.subarray(from * info.width * 3, to * info.width * 3));
		expect(strip(0, 8)).toEqual(new Set([255]));
		// Letters are dark on white.
		expect(Math.min(...strip(170, 182))).toBeLessThan(60);
	});

	test.each<[string[], string]>([
		[[], 'There is no folder for the pictures.'],
		[['new'], 'It is not said how many pictures to draw.'],
		[['new', '--count', '0'], '--count 0: it must be a whole number from 1 to 1000000.'],
		[['new', '--count', '5', '--size', '64.5'], '--size 64.5: it must be a whole number from 16 to 1024.'],
		[['new', '--count', '5', '--seed=-1'], '--seed -1: it must be a whole number from 0 to 9007199254740991.'],
		[['new', '--count', '5', '--rows', '5'], '--rows 5: it has nothing to do here.'],
		[['new', '--sheet', 'a.png'], 'new: a sheet goes into one file, not into a folder.'],
		[['--sheet', 'a.png', '--count', '5'], '--count 5: it has nothing to do here.'],
		[['--sheet', 'a.jpg'], '--sheet a.jpg: it is a PNG file, whose name ends with .png.'],
		[['--sheet', 'sheet.png'], '--sheet sheet.png: it exists already and is not overwritten.'],
	])('%j is refused, and nothing written', (args, message) => {
		const before = fs.readdirSync(here);
		const {code, out, err} = world(...args);
		expect([code, out]).toEqual([2, '']);
		expect(err).toContain(`error: ${message}\nWhat to do: `);
		expect(fs.readdirSync(here)).toEqual(before);
	});

	test('leaves alone a folder with other things', () => {
		fs.mkdirSync(path.join(here, 'photos'));
		fs.writeFileSync(path.join(here, 'photos/me.jpg'), 'x');
		const {code, err} = world('photos', '--count', '5');
		expect(code).toBe(1);
		expect(err).toBe('error: The folder HERE/photos holds other things, which might be mixed up with the pictures.\nWhat to do: Give an empty folder, or one that is not there yet.\n');
	});
});
