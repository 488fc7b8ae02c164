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

async function open({columns = 80, rows = 24, recording = {steps: 250}, events = recordedEvents(recording), liveness = 'alive', can = inColor}: {
	columns?: number; rows?: number; recording?: Recording; events?: readonly RunEvent[]; liveness?: Liveness; can?: Capabilities;
} = {}): Promise<void> {
	terminal = new FakeTerminal(columns, rows);
	writeRecordedRun(folder, events);
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
		expect(await screenWith('step 250/300')).toMatchInlineSnapshot(`
			"robot · running                        step 250/300  83% 10.0 it/s  ETA 00:00:05
			███████████████████████████████████████████░░░░░░░░░ checkpoint 200 · sample 200
			loss 0.1037 smoothed 0.1164  lr 1e-4  instance 0.1037 │ step 200 a photo of sks…
			 0.8┤                                                 │
			    │⡆                                                │
			    │⡀⡀ ⡄                                             │
			    │⠈⢢ ⣧⡀⢠                                           │
			    │⠃⠸⡀⡤⡀⢸⢸⡆                                         │
			    │ ⢸⠉ ⠘⡄⡠⡀⢸⡀                                       │
			 0.4┤ ⢸⡏ ⡇⠋⠈⠈⠦⠤⡀⢸⢠ ⣀⡀                                 │
			    │ ⠘⡇ ⢇⣼ ⣿⡸⢸⠑⠤⠤⡀⣿⣷ ⡷⢣ ⣶⡀⢠⡀                         │
			    │  ⠁ ⠸⡇ ⠁⡇ ⢿⢸⢸⠑⠊⠑⢄⠔⠱⢄⠔⢄⢀⣀⡀⢰⣆ ⣰⣤ ⢀⡀ ⣀  ⡀           │
			    │     ⠁    ⠈⠃⠘⢻⠇⢸⡶⠁⢸⣿ ⣧⠁⠈⠈⠊⠉⠑⠒⠉⠢⠤⠢⢄⠤⠤⣀⡠⣀⢀⡠⣀⢀⣀⡀⣤⡀  │
			    │                  ⠈⠈ ⠛  ⠋⠇ ⠸  ⠻⠁⠈⠳⠁⠘⠞ ⠿⠁ ⡿⠁ ⠈⠉⠈⠉ │
			   0┤                                                 │
			    └1──────────────────*──────────────────*──────250 │   0 100 [200]
			memory ██░░░░░░░░░░░░░░░░░░░░░░░░ 1.19/16.0 GiB  peak 1.20 GiB  CPU with 4 cores
			sample RUN/samples/step-000200-0.png
			03:04:11 Sample of step 0: samples/step-000000-0.png
			03:04:21 Checkpoint of step 100 saved, 36.0 MiB
			03:04:21 Sample of step 100: samples/step-000100-0.png
			03:04:31 Checkpoint of step 200 saved, 36.0 MiB
			03:04:31 Sample of step 200: samples/step-000200-0.png
			d detach · p pause · x stop · s sample · ← samples · c save · y log · ? help"
		`);
	});

	test('at 60x16', async () => {
		await open({columns: 60, rows: 16});
		expect(await screenWith('step 250/300')).toMatchInlineSnapshot(`
			"robot · running    step 250/300  83% 10.0 it/s  ETA 00:00:05
			███████████████████████████░░░░░ checkpoint 200 · sample 200
			loss 0.1037 smoothed 0.1164  lr 1e-4  instance 0.1037
			 0.8┤⡄
			    │⠤⢄ ⢰⡀ ⢀
			    │⠃⠈⠢⠔⠒⢄⢸⣀⡀⢠⡀
			 0.4┤ ⠸⢻⠁ ⠈⠉⠁⠈⠒⠒⠢⢄⣀⢄⡀⣶⣰ ⢠⡤⡄⢀⣤⡀ ⣀
			    │     ⠛⠃ ⠁⠃ ⠘⠳⠁⠸⠈⠉⠉⠑⠒⠉⠑⠒⠊⠑⠢⠒⠒⠤⠤⠢⠤⠤⠤⠤⣀⠤⠤⣀⣀⢄⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⡀⢀⣀
			   0┤                     ⠁⠁ ⠈  ⠈⠁⠁ ⠈  ⠉⠋  ⠙ ⠈⠛⠁ ⠋⠃ ⠘⠙ ⠈⠈⠁⠘⠉
			    └1────────────────────*─────────────────────*────────250
			memory ██░░░░░░░░░░░░░░░░░░░░░░ 1.19/16.0 GiB  peak 1.20 GiB
			sample RUN/samples/step-000200-0.png
			03:04:21 Sample of step 100: samples/step-000100-0.png
			03:04:31 Checkpoint of step 200 saved, 36.0 MiB
			03:04:31 Sample of step 200: samples/step-000200-0.png
			d detach · p pause · x stop · s sample · ← samples · ? help"
		`);
	});

	test('at 120x40', async () => {
		await open({columns: 120, rows: 40});
		expect(await screenWith('step 250/300')).toMatchInlineSnapshot(`
			"robot · running                                                                step 250/300  83% 10.0 it/s  ETA 00:00:05
			█████████████████████████████████████████████████████████████████████████████░░░░░░░░░░░░░░░ checkpoint 200 · sample 200
			loss 0.1037 smoothed 0.1164  lr 1e-4  instance 0.1037  prior 0.1037 │ step 200 a photo of sks robot
			 0.8┤                                                               │
			    │                                                               │
			    │⡄                                                              │
			    │⡇                                                              │
			    │⡇                                                              │
			    │⣧⡄ ⢠                                                           │
			    │⠑⢢ ⢸                                                           │
			    │⡏⢸ ⢸⣴  ⡄                                                       │
			    │⡇⠘⡄⢸⣿⡆ ⡇⢰⡀                                                     │
			    │⠃⢸⢣⢸⡠⢢ ⣿⢸⡇                                                     │
			    │ ⢸⢸⢸ ⢸ ⣿⢸⡇ ⡄                                                   │
			    │ ⢸⡇⠁ ⢸⡇⣿⢀⡇ ⡇                                                   │
			 0.4┤ ⢸⣿⠇ ⢸⢸⡰⠊⢱ ⣷   ⡄                                               │
			    │ ⢸⣿  ⢸⠈⡇ ⡇⢣⡤⢄  ⡇⡀                                              │
			    │ ⢸⢸  ⢸ ⡇ ⡇⠈⡟⠈⢆ ⡇⡇ ⢠⣶  ⡀⢀                                       │
			    │ ⠘⢸  ⢸⡀⡇ ⣷⡇⡇⢸⠈⡆⣄⢄ ⢸⣿⡄ ⣷⢺ ⢠⢠                                    │
			    │  ⢸  ⢸⡇⡇ ⡟⣿ ⠈⣾⠈⠈⠘⡄⢸⢀⡇ ⡏⢸ ⢸⡜⡄ ⣇⡆                                │
			    │     ⢸⢸⡇  ⢻  ⣿⢸ ⢸⠈⡶⠁⢱⢀⡠⠓⡄⢸⢠⢄ ⣿⣿  ⣶⡆  ⡄⡀                        │
			    │      ⢸   ⠸  ⠋⣾ ⢸⢠⢸ ⡇⠑⠁⢸⠈⠖⠁⠘⢄⡠⠒⢄ ⣿⣀ ⢠⣿⢇  ⣤  ⣆⡄ ⢠   ⡀           │
			    │              ⠻ ⠸⢻⢸ ⣇⡾ ⢸⣸⢸ ⢸⢸⡇⠈⣷⠱⠋⢹⠱⠤⠔⠑⡄⢸⣀⡀ ⡟⡇ ⢸⣾⡄ ⡇⣶  ⡄⣶ ⢀⣀   │
			    │                 ⠈⠇ ⣿  ⢸⡿⣸ ⢸⡞⠇ ⣿⣿ ⠈⢳⢹ ⢸⠈⠊⠘⠈⠢⠊⠉⠢⡠⠒⠱⢄⡠⠔⠢⡀⣀⠤⢄⢸⢀⡀  │
			    │                        ⠃⠃ ⠸⠃  ⠛⢸  ⢸  ⠈⡞⡎ ⠸⣿  ⣷⡜ ⢸⣧⠃ ⢸⠈⠇ ⠈⠉⠁⠈⠑ │
			    │                                ⠈  ⠈    ⠃  ⠁  ⠘⠃ ⠘⠙  ⠸⠙  ⠘⠏ ⠘⠁ │
			    │                                                               │
			   0┤                                                               │
			    └1───────────────────────*────────────────────────*─────────250 │   0 100 [200]
			memory ███░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 1.19/16.0 GiB  peak 1.20 GiB  CPU with 4 cores
			sample RUN/samples/step-000200-0.png
			03:04:05 Loading the model
			03:04:05 300 steps with 5 images and 24 class images, batch 4, graph, f32
			03:04:05 Making class images
			03:04:11 Sample of step 0: samples/step-000000-0.png
			03:04:21 Checkpoint of step 100 saved, 36.0 MiB
			03:04:21 Sample of step 100: samples/step-000100-0.png
			03:04:31 Checkpoint of step 200 saved, 36.0 MiB
			03:04:31 Sample of step 200: samples/step-000200-0.png
			d detach · p pause · x stop · s sample · ← samples · c save · y log · i picture · ? help"
		`);
	});

	test('without UTF-8 and colours is ASCII alone', async () => {
		await open({can: inAscii});
		const screen = await screenWith('step 250/300');
		expect(screen).toMatch(/^[\n\u0020-\u007E]+$/);
		expect(screen).toMatchInlineSnapshot(`
			"robot - running                        step 250/300  83% 10.0 it/s  ETA 00:00:05
			###########################################......... checkpoint 200 - sample 200
			loss 0.1037 smoothed 0.1164  lr 1e-4  instance 0.1037  prior 0.1037
			 0.8+
			    |:
			    |:.  .
			    |*** :..  .
			    |: *****. :::
			    |  :*:  * *** :.
			 0.4+  ::'  :*:':****  :.  ..
			    |  ':   :.' ::: :***** ::: ::'. ::. ..
			    |       ::  ':  ':.' :*****************  :*  :.:  ..  ..  .    .
			    |                 '  ':: ::'  ::  ::: :***'****************************:**
			    |                             ''  '   '''  '   '':  ':  ':' :':  ::: ':*  **
			   0+
			    +1----------------------------*-----------------------------*------------250
			memory ##........................ 1.19/16.0 GiB  peak 1.20 GiB  CPU with 4 cores
			sample RUN/samples/step-000200-0.png
			03:04:11 Sample of step 0: samples/step-000000-0.png
			03:04:21 Checkpoint of step 100 saved, 36.0 MiB
			03:04:21 Sample of step 100: samples/step-000100-0.png
			03:04:31 Checkpoint of step 200 saved, 36.0 MiB
			03:04:31 Sample of step 200: samples/step-000200-0.png
			d detach | p pause | x stop | s sample | left samples | c save | y log | ? help"
		`);
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

	test('follows a resize', async () => {
		await open();
		await screenWith('? help');
		terminal.resize(100, 30);
		expect((await screenWith('i picture')).split('\n')).toHaveLength(30);
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

	test('stopping asks first, and says what is kept', async () => {
		await open();
		await screenWith('running');
		expect(await press('x', 'Stop training at step 250?')).toContain('y save, then stop');
		await press('n', 'x stop');
		expect(commands).toEqual([]);
		await press('x', 'Stop training');
		await press('y', 'Will stop.');
		expect(commands).toEqual([{type: 'stop', when: 'save'}]);
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
		expect(await press('?', 'This list.')).toMatchInlineSnapshot(`
			"robot · running                        step 250/300  83% 10.0 it/s  ETA 00:00:05
			███████████████████████████████████████████░░░░░░░░░ checkpoint 200 · sample 200
			curve: dim all, bright smoothed; s sample, c checkpoint, * both, × not a number
			Esc     Back to the overview.
			d       Close this window; training goes on. Come back with: dreambooth attach
			p       Pause after the current step; the model stays in memory.
			x       Stop training; asks first.
			s       Draw sample images after the current step.
			←       Samples of an earlier step.
			→       Samples of a later step; past the last one the newest are followed.
			↑       Sample of the prompt before.
			↓       Sample of the next prompt.
			End     Follow the newest samples.
			c       Save the whole training state after the current step.
			y       Show the loss on a logarithmic or a linear scale.
			i       Show the sample as large as the terminal allows, or go back.
			Ctrl-C  Twice: close this window; training goes on.
			?       This list.





			Esc back · d detach · p pause · x stop · s sample · ← samples · c save · ? help"
		`);
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
		expect(await screenWith('✓ finished')).toMatchInlineSnapshot(`
			"robot · ✓ finished                     step 300/300 100%    - it/s  ETA 00:00:00
			████████████████████████████████████████████████████ checkpoint 300 · sample 300
			loss 0.1180 smoothed 0.1127  lr 1e-4  instance 0.1180 │ step 300 a photo of sks…
			 0.8┤                                                 │
			    │⡆                                                │
			    │⡀⡀⢠                                              │
			    │⠈⡆⢸⣄⢠                                            │
			    │⠃⢸⢠⢄⢸⣾                                           │
			    │ ⠈⠁⠈⡆⡠⡀⣇                                         │
			 0.4┤ ⣿⠁⢸⠈⠁⠱⠢⢄⢸⢠ ⣀                                    │
			    │ ⢻ ⢸⣼ ⣿⡇⠈⠖⠢⡀⢀ ⣷⢣⢰⣆⢠⡀                             │
			    │ ⠈ ⠸⡿ ⢹ ⠸⣸⢸⠘⠁⠣⠔⠱⡠⠢⣀⣀⡀⣴⡆⢰⣤ ⣀ ⢀⡀⢀                  │
			    │    ⠁    ⠃⠘⢣⠃⡷⠃⢸⡇⢸⣼⠈⠈⠉⠑⠒⠊⠢⠔⠤⡠⠤⣀⠤⣀⣀⣀⢀⣀⢠⣀ ⣶⡀⢠⣀⢀⣄⡀⢠ │
			    │               ⠈⠁⠘⠃ ⠋⠇⠸  ⠻ ⠙⠇⠘⠞ ⠿ ⢹⠁⠘⠉⠈⠉⠉⠉⠊⠉⠒⠉⠑⠊ │
			   0┤                                         ⠈⠁      │
			    └1───────────────*──────────────*─────────────300 │   0 100 200 [300]
			memory █░░░░░░░░░░░░░░░░░░░░░░░░░ 0.80/16.0 GiB  peak 1.20 GiB  CPU with 4 cores
			sample RUN/samples/step-000300-0.png
			Finished 300 steps in 00:00:37. The model, as one file:
			RUN/output/robot.safetensors
			03:04:41 Checkpoint of step 300 saved, 36.0 MiB
			03:04:42 Sample of step 300: samples/step-000300-0.png
			03:04:42 Finished: output/robot.safetensors
			q close · ← samples · y log · i picture · ? help"
		`);
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
	const events = recordedEvents({steps: 256});
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
