import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {openCompare} from '../../../src/tui/compare/index.ts';
import {capabilities} from '../../../src/tui/term/index.ts';
import {FakeKeyboard, KEYS} from '../fake-keyboard.ts';
import {recordedEvents, writeRecordedRun} from '../recorded-run.ts';
import {FakeTerminal} from '../term/fake-terminal.ts';

let root: string;
let terminal: FakeTerminal;
let keyboard: FakeKeyboard;
let left: Promise<void>;

beforeEach(async () => {
	root = fs.mkdtempSync(path.join(os.tmpdir(), 'compare-'));
	vi.spyOn(Date, 'now').mockReturnValue(Date.UTC(2026, 0, 2, 3, 4, 40));
	const runs = [
		{folder: path.join(root, '1-dog'), events: recordedEvents({validateEvery: 100, end: {type: 'finished', step: 300, output: 'output/robot.safetensors'}}), config: {learningRate: 1e-4, seed: 1}},
		{folder: path.join(root, '2-dog'), events: recordedEvents({steps: 150, every: 50}), config: {learningRate: 5e-5, seed: 1}},
	];
	for (const [run, {folder, events, config}] of runs.entries()) {
		writeRecordedRun(folder, events, config);
		for (const event of events) {
			if (event.type === 'sample') {
				await sharp({create: {width: 64, height: 64, channels: 3, background: {r: 0, g: run === 0 ? 95 : 0, b: 95 + 40 * (event.step / 100)}}}).png().toFile(path.join(folder, event.file));
			}
		}
	}

	terminal = new FakeTerminal(80, 24);
	keyboard = new FakeKeyboard();
	left = openCompare({
		runFolders: [runs[0]!.folder, runs[1]!.folder],
		stdin: keyboard as unknown as NodeJS.ReadStream, stdout: terminal as unknown as NodeJS.WriteStream,
		capabilities: capabilities({TERM: 'xterm-256color', LANG: 'C.UTF-8'}, {terminal: true}),
	});
});

afterEach(async () => {
	keyboard.emit('end');
	await left;
	vi.restoreAllMocks();
	fs.rmSync(root, {recursive: true});
});

async function screenWith(text: string | RegExp): Promise<string> {
	let seen = '';
	await vi.waitFor(async () => {
		seen = (await terminal.screen()).join('\n');
		expect(seen).toMatch(text);
	}, {timeout: 5000});
	return seen.replaceAll(root, 'RUNS').replaceAll(/ +$/gm, '');
}

async function press(keys: string, then: string | RegExp): Promise<string> {
	keyboard.type(keys);
	return screenWith(then);
}

test('two runs stand side by side: losses on one scale, samples, what was set differently', async () => {
	await vi.waitFor(async () => expect((await terminal.cell(18, 14)).background).toBeGreaterThan(-1));
	await vi.waitFor(async () => expect((await terminal.cell(60, 14)).background).toBeGreaterThan(-1));
	const screen = await screenWith('learningRate');
	await expect(screen).toMatchFileSnapshot('../screens/compare.txt');
	expect(screen).toContain('0.0001 | 0.00005');
	expect(screen).not.toContain('seed ');
});

test('the arrows go through the steps of both; a run without samples of a step shows the last before it', async () => {
	await screenWith('1-dog/samples/step-000300-0.png');
	await press(KEYS.left, '1-dog/samples/step-000200-0.png');
	await screenWith('2-dog/samples/step-000150-0.png');
	await press(KEYS.left, '1-dog/samples/step-000100-0.png');
	await screenWith('2-dog/samples/step-000150-0.png');
	await press(KEYS.left, '2-dog/samples/step-000100-0.png');
	await press('\u001B[F', '1-dog/samples/step-000300-0.png');
});

test('scale and smoothing are those of both; ? lists the keys; q leaves', async () => {
	await screenWith('learningRate');
	expect((await press('+', '(100)')).match(/\(100\)/g)).toHaveLength(2);
	expect(await press('?', 'Close the comparison')).toContain('Samples of an earlier step, of both runs.');
	await press(KEYS.escape, 'learningRate');
	keyboard.type('q');
	await left;
	expect((await terminal.state()).alternate).toBe(false);
});
