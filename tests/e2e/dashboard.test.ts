import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {spawn, type IPty} from '@lydell/node-pty';
import {afterAll, beforeAll, expect, test} from 'vitest';
import {demoConfig, type TrainingConfig} from '../../src/presets/index.ts';
import {latestCheckpoint, readRun, summarizeRun, type Run} from '../../src/train/protocol/index.ts';
import {buildPrograms, endProcesses, isThere, ownRuns, until} from '../train/processes/world.ts';
import {FakeTerminal} from '../tui/term/fake-terminal.ts';

let programs: string;
let runs: ReturnType<typeof ownRuns>;
let classImages: string;
let run: Run | undefined;

beforeAll(async () => {
	programs = await buildPrograms({runner: 'src/train/runner.ts', trainer: 'src/train/trainer.ts', launch: 'src/train/launch.ts', cli: 'src/cli.ts'});
	runs = ownRuns();
	classImages = fs.mkdtempSync(path.join(os.tmpdir(), 'dreambooth-class-'));
});

afterAll(async () => {
	if (run) await endProcesses(run);
	for (const folder of [programs, classImages]) fs.rmSync(folder, {recursive: true, force: true});
	runs.remove();
});

/** The demo, all of its parts, small, and longer than any test watches it. */
function longDemo(): TrainingConfig {
	const demo = demoConfig();
	return {
		...demo,
		concepts: demo.concepts.map(concept => ({...concept, classImages, classImagesPerInstance: 1, classSamplingSteps: 2})),
		resolution: 64, maxSteps: 100_000, batchSize: 1, samplePrompts: ['a photo of sks robot'], samplingSteps: 2, sampleEverySteps: 50_000, saveEverySteps: 0,
	};
}

interface Watching {
	readonly pty: IPty;
	/** Waits until the screen holds the text, and gives it back. */
	readonly shows: (text: string | RegExp) => Promise<string>;
	readonly ended: Promise<number>;
	readonly terminal: FakeTerminal;
}

/** `dreambooth attach` as built for users, in a terminal of its own. */
function attach(): Watching {
	const terminal = new FakeTerminal(80, 24);
	const pty = spawn(process.execPath, [path.join(programs, 'cli.js'), 'attach', 'last'], {cols: 80, rows: 24, env: {...process.env, TERM: 'xterm-256color', FORCE_COLOR: '', NODE_ENV: ''}});
	pty.onData(text => terminal.write(text));
	const screen = async (): Promise<string> => (await terminal.screen()).join('\n');
	return {
		pty, terminal,
		shows: async text => until(`the screen shows ${String(text)}`, async () => {
			const seen = await screen();
			return (typeof text === 'string' ? seen.includes(text) : text.test(seen)) && seen;
		}, 30_000),
		ended: new Promise(resolve => {
			pty.onExit(({exitCode}) => resolve(exitCode));
		}),
	};
}

test('a run is watched, left, outlives a frozen window and its terminal, is watched again and stopped, through the real processes', {timeout: 120_000}, async () => {
	const {startRun} = await import(pathToFileURL(path.join(programs, 'launch.js')).href) as typeof import('../../src/train/launch.ts');
	run = await startRun({config: longDemo()});
	const runner = readRun(run.folder).record.runner!.pid;
	const step = (): number => summarizeRun(run!).step;

	const first = attach();
	await first.shows(/running +step +\d+\/100000/);
	// Its first sample is on the screen, and where it is.
	expect(await first.shows('step-000000-0.png')).toContain('a photo of sks');
	await until('the picture is drawn', async () => (await first.terminal.cell(66, 8)).background > -1);
	first.pty.write('q');
	expect(await first.ended).toBe(0);
	expect(await first.terminal.state()).toMatchObject({alternate: false});
	expect((await first.terminal.screen()).join(' ')).toContain('Training continues in the background.');

	const second = attach();
	await second.shows(/running +step/);
	// A dashboard that is stopped in its tracks, as a dead link stops it, holds nothing up.
	process.kill(second.pty.pid, 'SIGSTOP');
	const whenFrozen = step();
	await until('training goes on', () => step() > whenFrozen + 5);
	process.kill(second.pty.pid, 'SIGCONT');
	const whenHungUp = step();
	// The link is cut: the terminal goes, and with it the dashboard.
	(second.pty as IPty & {destroy(): void}).destroy();
	await until('the dashboard has gone', () => !isThere(second.pty.pid));
	await until('training goes on', () => step() > whenHungUp + 2);
	expect(isThere(runner)).toBe(true);

	const third = attach();
	await third.shows(/running +step/);
	third.pty.write('\u0003');
	await third.shows('Training continues without this window.');
	third.pty.write('x');
	await third.shows('Stop training at step');
	third.pty.write('\r');
	await third.shows(/Stopped at step \d+\. Continue with:/);
	third.pty.write('q');
	expect(await third.ended).toBe(0);
	await until('the runner has ended', () => !isThere(runner));
	expect(summarizeRun(run)).toMatchObject({state: 'stopped', step: latestCheckpoint(run.folder)?.step});
	expect((await third.terminal.screen()).join(' ')).toMatch(/stopped at step \d+/);
});
