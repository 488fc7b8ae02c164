import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import type {Command, RunEvent} from '../../../src/train/protocol/index.ts';
import {openDashboard} from '../../../src/tui/dashboard/index.ts';
import type {Liveness} from '../../../src/tui/run/index.ts';
import {capabilities, type Capabilities} from '../../../src/tui/term/index.ts';
import {FakeKeyboard, KEYS} from '../fake-keyboard.ts';
import {appendEvents, recordedEvents, writeRecordedRun, type Recording} from '../recorded-run.ts';
import {FakeTerminal} from '../term/fake-terminal.ts';

const inColor = capabilities({TERM: 'xterm-256color', LANG: 'C.UTF-8'}, {terminal: true});
const inAscii = capabilities({TERM: 'xterm-256color', NO_COLOR: '1'}, {terminal: true});

let folder: string;
let terminal: FakeTerminal;
let keyboard: FakeKeyboard;
let commands: Command[];
let left: Promise<'detached' | 'quit'>;
let isOpen: boolean;

beforeEach(() => {
	folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'dashboard-')), '20260102-030405-robot');
	keyboard = new FakeKeyboard();
	commands = [];
	// The clock of the recording, so that nothing is silent.
	vi.spyOn(Date, 'now').mockReturnValue(Date.UTC(2026, 0, 2, 3, 4, 40));
	vi.spyOn(os, 'totalmem').mockReturnValue(16 * 2 ** 30);
	vi.spyOn(process, 'constrainedMemory').mockReturnValue(0);
});
afterEach(async () => {
	if (isOpen) {
		keyboard.emit('end');
		await left;
	}

	vi.restoreAllMocks();
	fs.rmSync(path.dirname(folder), {recursive: true});
});

async function open({columns = 80, rows = 24, recording = {steps: 250}, events = recordedEvents(recording), liveness = 'alive', can = inColor, config = {}}: {
	columns?: number; rows?: number; recording?: Recording; events?: readonly RunEvent[]; liveness?: Liveness; can?: Capabilities; config?: object;
} = {}): Promise<void> {
	terminal = new FakeTerminal(columns, rows);
	writeRecordedRun(folder, events, config);
	const images = events.flatMap(event => event.type === 'sample' ? [event.file] : []);
	await Promise.all(images.map(async (file, index) =>
		sharp({create: {width: 128, height: 128, channels: 3, background: {r: 0, g: 0, b: 95 + 40 * (index % 5)}}}).png().toFile(path.join(folder, file))));
	isOpen = true;
	left = openDashboard({
		runFolder: folder,
		async send(command) {
			commands.push(command);
			return {ok: true, message: `Will ${command.type}.`};
		},
		liveness: () => liveness,
		stdin: keyboard as unknown as NodeJS.ReadStream,
		stdout: terminal as unknown as NodeJS.WriteStream,
		capabilities: can,
	}).finally(() => {
		isOpen = false;
	});
}

/** The screen once it holds the text; the temporary folder, which no two runs share, is called RUN, and pictures, which are blanks in colours, are left out. */
async function screenWith(text: string | RegExp): Promise<string> {
	let seen = '';
	await vi.waitFor(async () => {
		seen = (await terminal.screen()).join('\n');
		expect(seen).toMatch(text);
	}, {timeout: 5000});
	return seen.replaceAll(/\S*20260102-030405-robot\//g, 'RUN/').replaceAll(/ +$/gm, '');
}

async function press(keys: string, then: string | RegExp): Promise<string> {
	keyboard.type(keys);
	return screenWith(then);
}

describe('the screen of a running run', () => {
	test('at 80x24', async () => {
		await open();
		await vi.waitFor(async () => expect((await terminal.cell(79, 5)).background).toBeGreaterThan(-1));
		await expect(await screenWith('step 250/300')).toMatchFileSnapshot('../screens/dashboard-80x24.txt');
	});

	test('at 60x16', async () => {
		await open({columns: 60, rows: 16});
		await expect(await screenWith('step 250/300')).toMatchFileSnapshot('../screens/dashboard-60x16.txt');
	});

	test('at 120x40', async () => {
		await open({columns: 120, rows: 40});
		await expect(await screenWith('step 250/300')).toMatchFileSnapshot('../screens/dashboard-120x40.txt');
	});

	test('without UTF-8 and colours is ASCII alone', async () => {
		await open({can: inAscii});
		const screen = await screenWith('step 250/300');
		expect(screen).toMatch(/^[\n\u0020-\u007E]+$/);
		await expect(screen).toMatchFileSnapshot('../screens/dashboard-ascii.txt');
	});

	test('on a graphics card shows its memory and state, and warns when it is nearly full', async () => {
		const events = recordedEvents({steps: 250});
		const card = {time: events.at(-1)!.time, type: 'memory', residentBytes: 2 ** 30, deviceTotalBytes: 16 * 2 ** 30, utilization: 97.4, temperatureC: 71, powerW: 240.2} as const;
		await open({columns: 100, events: [...events, {...card, deviceUsedBytes: 11.2 * 2 ** 30}]});
		expect(await screenWith('VRAM')).toContain('11.2/16.0 GiB  peak 11.2 GiB  GPU  97% 71 C 240 W');
		appendEvents(folder, [{...card, deviceUsedBytes: 15.5 * 2 ** 30}]);
		await screenWith('15.5/16.0 GiB  peak 15.5 GiB full');
	});

	test('too small says what is needed and still takes keys', async () => {
		await open({columns: 50, rows: 12});
		await screenWith('50x12; the dashboard needs 60x16');
		keyboard.type('d');
		expect(await left).toBe('detached');
	});

	test('is whole at every size: header, keys in the last row, nothing scrolled away', async () => {
		await open({recording: {totalSteps: 1_000_000, steps: 250, concepts: 3, validateEvery: 50, prompts: ['one', 'two']}});
		await screenWith('? help');
		for (const [columns, rows] of [[60, 16], [200, 60], [60, 60], [200, 16], [79, 23], [81, 25], [109, 31], [120, 40]] as const) {
			terminal.resize(columns, rows);
			await vi.waitFor(async () => {
				const seen = await terminal.screen();
				expect(seen).toHaveLength(rows);
				expect(seen[0], `${columns}x${rows}`).toMatch(/^robot · .*step +250\/1000000/);
				expect(seen.at(-1), `${columns}x${rows}`).toMatch(/^d detach .*\? help$/);
				expect(seen.join('\n')).toContain('samples/step-000200-0.png');
				expect(await terminal.state()).toEqual({alternate: true, scrolled: 0});
			}, {timeout: 5000});
		}
	});

	test('follows a resize', async () => {
		await open();
		await screenWith('? help');
		terminal.resize(100, 30);
		expect((await screenWith('y log')).split('\n')).toHaveLength(30);
	});
});

describe('the picture', () => {
	test('of the chosen step is shown, and scrubbed with the arrows', async () => {
		await open();
		await screenWith('step-000200-0.png');
		await vi.waitFor(async () => expect((await terminal.cell(79, 5)).background).toBe(16 + 3));
		await press(KEYS.left, 'step-000100-0.png');
		await vi.waitFor(async () => expect((await terminal.cell(79, 5)).background).toBe(16 + 2));
		await press(KEYS.right, 'step-000200-0.png');
	});

	test('of the next prompt comes with the arrow down', async () => {
		await open({recording: {steps: 250, prompts: ['a photo of sks robot', 'sks robot on the moon']}});
		await screenWith('1/2');
		expect(await press(KEYS.down, '2/2')).toContain('step-000200-1.png');
	});

	test('fills the terminal on i', async () => {
		await open();
		await screenWith('step-000200-0.png');
		const screen = await press('i', 'Esc back');
		expect(screen).not.toContain('smoothed');
		await vi.waitFor(async () => expect((await terminal.cell(40, 4)).background).toBe(16 + 3));
		await press(KEYS.escape, 'smoothed');
	});
});

describe('the charts', () => {
	test('follow each other on v: parts of the loss, learning rate, memory', async () => {
		await open({recording: {steps: 250, concepts: 3, validateEvery: 50}});
		await expect(await screenWith('validation 0.1')).toMatchFileSnapshot('../screens/dashboard-validation.txt');
		await expect(await press('v', 'parts of the loss')).toMatchFileSnapshot('../screens/dashboard-parts.txt');
		await expect(await press('v', 'learning rate 1e-4')).toMatchFileSnapshot('../screens/dashboard-rates.txt');
		await press('v', 'memory 1.19 GiB  in GiB');
		await press('v', 'validation 0.1');
	});

	test('name the concepts by their prompts', async () => {
		await open({recording: {steps: 50, concepts: 2}, config: {concepts: [{instancePrompt: 'sks robot'}, {instancePrompt: 'zwx car'}]}});
		await screenWith('running');
		expect(await press('v', 'sks robot  ')).toContain('zwx car  ');
	});

	test('are smoother on + and less so on -', async () => {
		await open();
		await screenWith('smoothed 0.1254 (50)');
		await press('+', /smoothed 0\.\d+ \(100\)/);
		keyboard.type('-');
		keyboard.type('-');
		keyboard.type('-');
		await screenWith(/smoothed 0\.\d+ \(10\)/);
		await press('-', 'over 10 steps only');
	});

	test('say how the person has changed the learning rate', async () => {
		const events = recordedEvents({steps: 250});
		await open({events: [...events, {time: events.at(-1)!.time, type: 'changed', step: 250, learningRateScale: 0.5}]});
		await screenWith('From step 251 on: learning rates x 0.5');
		await press('v', 'parts');
		await press('v', 'times 0.5 by you');
	});
});

describe('before and after', () => {
	test('stand side by side, and the later one is scrubbed', async () => {
		await open();
		await screenWith('step-000200-0.png');
		await expect(await press('b', 'after step 200')).toMatchFileSnapshot('../screens/dashboard-before-after.txt');
		await vi.waitFor(async () => expect([(await terminal.cell(18, 8)).background, (await terminal.cell(60, 8)).background]).toEqual([16 + 1, 16 + 3]));
		expect(await press(KEYS.left, 'after step 100')).toContain('before step 0');
		await press('b', 'smoothed');
	});
});

describe('the keys', () => {
	test.each([
		['p', {type: 'pause'}],
		['s', {type: 'sample-now'}],
		['c', {type: 'checkpoint-now'}],
	] as const)('%s orders %j and shows the answer', async (key, command) => {
		await open();
		await screenWith('running');
		await press(key, `Will ${command.type}.`);
		expect(commands).toEqual([command]);
	});

	test('a paused run offers to resume', async () => {
		await open({recording: {steps: 250, end: {type: 'paused', step: 250}}});
		await screenWith('p resume');
		await press('p', 'Will resume.');
		expect(commands).toEqual([{type: 'resume'}]);
	});

	test('stopping asks how, and says what is kept', async () => {
		await open();
		await screenWith('running');
		await expect(await press('x', 'Stop training at step 250?')).toMatchFileSnapshot('../screens/dashboard-stop.txt');
		await press(KEYS.down, 'Trains until every image has had its turn');
		expect(await press('j', 'The checkpoint of step 200 is kept')).toMatch(/the 50 steps since the last save are\s+lost/);
		await press(KEYS.escape, 'x stop');
		expect(commands).toEqual([]);
		await press('x', 'Stop training');
		await press(KEYS.enter, 'Will stop.');
		expect(commands).toEqual([{type: 'stop', when: 'save'}]);
		// Until it has stopped, it takes no other order but one to stop sooner.
		expect(await screenWith('Stops after this step.')).not.toContain('p pause');
		await press('p', 'The run is about to stop.');
	});

	test('stopping at the end of the epoch stays on the screen', async () => {
		await open();
		await screenWith('running');
		await press('x', 'Stop training');
		await press('2', 'Stops at the end of the epoch, after step 252.');
		expect(commands).toEqual([{type: 'stop', when: 'epoch-end'}]);
	});

	test('discarding what was trained asks twice, and goes on training by default', async () => {
		await open();
		await screenWith('running');
		await press('x', 'Stop training');
		await press('4', 'Stop, and delete what was trained?');
		await press(KEYS.enter, 'x stop');
		expect(commands).toEqual([]);
		await press('x', 'Stop training');
		await press('4', 'Stop, and delete what was trained?');
		await press('2', 'Will stop.');
		expect(commands).toEqual([{type: 'stop', when: 'discard'}]);
	});

	test('a sample of a prompt that is typed begins with the shown one', async () => {
		await open();
		await screenWith('running');
		await press('e', 'Enter draws a sample of: a photo of sks robot');
		await press(' on q', 'sks robot on q');
		await press(KEYS.enter, 'Will sample-now.');
		expect(commands).toEqual([{type: 'sample-now', prompts: ['a photo of sks robot on q']}]);
	});

	test('the prompts of the samples are changed, and more are added', async () => {
		await open({recording: {steps: 250, prompts: ['sks robot', 'sks robot at sea']}});
		await screenWith('running');
		await press('P', 'What the samples show from now on');
		await press(' asleep', 'sks robot asleep');
		keyboard.type(KEYS.down + KEYS.down);
		await press('a third\nand a fourth', 'and a fourth');
		await expect(await screenWith('a third')).toMatchFileSnapshot('../screens/dashboard-prompts.txt');
		await press(KEYS.enter, 'Will set-sample-prompts.');
		expect(commands).toEqual([{type: 'set-sample-prompts', prompts: ['sks robot asleep', 'sks robot at sea', 'a third', 'and a fourth']}]);
	});

	test('the learning rates are lowered, and what becomes of them is said before', async () => {
		await open();
		await screenWith('running');
		await expect(await press('l', 'Multiply the learning rates?')).toMatchFileSnapshot('../screens/dashboard-rates-question.txt');
		await press('1', 'Will scale-learning-rate.');
		expect(commands).toEqual([{type: 'scale-learning-rate', factor: 0.5}]);
	});

	test('that cannot act yet say why, and are not in the footer', async () => {
		await open({events: recordedEvents().slice(0, 4)});
		expect(await screenWith('making class images  0/24')).not.toContain('p pause');
		await press('p', 'The run is still starting');
		await press('i', 'There is no sample image yet.');
		expect(commands).toEqual([]);
	});

	test('? lists them all', async () => {
		await open();
		await screenWith('running');
		await expect(await press('?', 'not a number')).toMatchFileSnapshot('../screens/dashboard-keys.txt');
	});

	test('? scrolls where it does not fit', async () => {
		await open({columns: 60, rows: 16});
		await screenWith('running');
		expect(await press('?', 'below it')).not.toContain('This list.');
		keyboard.type('\u001B[6~\u001B[6~');
		await screenWith('This list.');
		await press(KEYS.escape, 'x stop');
	});

	test('pasted text orders nothing', async () => {
		await open();
		await screenWith('running');
		keyboard.type('xy pause and stop');
		await press('y', 'log scale');
		expect(commands).toEqual([]);
	});
});

describe('leaving', () => {
	test('with d leaves training alone', async () => {
		await open();
		await screenWith('running');
		keyboard.type('d');
		expect(await left).toBe('detached');
		expect(commands).toEqual([]);
		expect((await terminal.state()).alternate).toBe(false);
	});

	test('Ctrl-C explains first, then leaves', async () => {
		await open();
		await screenWith('running');
		await press(KEYS.ctrlC, 'Training continues without this window.');
		keyboard.type(KEYS.ctrlC);
		expect(await left).toBe('detached');
	});

	test('Ctrl-C twice in one chunk leaves', async () => {
		await open();
		await screenWith('running');
		keyboard.type(KEYS.ctrlC + KEYS.ctrlC);
		expect(await left).toBe('detached');
	});

	test('a finished run needs no explanation', async () => {
		await open({recording: {end: {type: 'finished', step: 300, output: 'output/robot.safetensors'}}, liveness: 'gone'});
		await expect(await screenWith('✓ finished')).toMatchFileSnapshot('../screens/dashboard-finished.txt');
		keyboard.type(KEYS.ctrlC);
		expect(await left).toBe('quit');
	});
});

describe('how it ended', () => {
	test('a failed run shows the cause and what to do', async () => {
		await open({recording: {steps: 250, end: {type: 'failed', step: 250, cause: 'memory', message: 'The graphics card is full.', action: 'Lower the batch size to 2.'}}, liveness: 'gone'});
		const screen = await screenWith('✗ failed');
		expect(screen).toContain('Failed at step 250: The graphics card is full.');
		expect(screen).toContain('What to do: Lower the batch size to 2.');
	});

	test('a run whose runner is gone is crashed, and can be continued', async () => {
		await open({liveness: 'gone'});
		const screen = await screenWith('✗ crashed');
		expect(screen).toContain('dreambooth resume 20260102-030405-robot');
		expect(screen).not.toContain('p pause');
	});
});

test('a step more costs less than 600 bytes, picture on the screen', async () => {
	const events = recordedEvents({steps: 253});
	await open({recording: {steps: 250}});
	await screenWith('step 250/300');
	await vi.waitFor(async () => expect((await terminal.cell(79, 5)).background).toBeGreaterThan(-1));
	const added = events.filter(event => event.type === 'step' && event.step > 250);
	const before = terminal.bytes;
	for (const event of added) {
		appendEvents(folder, [event]);
		// oxlint-disable-next-line no-await-in-loop
		await screenWith(`step ${'step' in event ? event.step : ''}/300`);
	}

	expect((terminal.bytes - before) / added.length).toBeLessThan(600);
});
