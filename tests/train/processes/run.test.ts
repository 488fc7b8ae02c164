import {spawn} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi} from 'vitest';
import {parseConfig} from '../../../src/presets/index.ts';
import {readEvents, readRun, RunBusyError, RunNotRunningError, sendCommand, summarizeRun, type EventOf, type Run, type RunEvent} from '../../../src/train/protocol/index.ts';
import {buildPrograms, endProcesses, isThere, ownRuns, until} from './world.ts';

type Launch = typeof import('../../../src/train/launch.ts');

let programs: string;
let launch: Launch;
let runs: ReturnType<typeof ownRuns>;
let started: Run[] = [];

beforeAll(async () => {
	programs = await buildPrograms({runner: 'src/train/runner.ts', trainer: 'tests/train/processes/fake-trainer.ts', launch: 'src/train/launch.ts'});
	launch = await import(pathToFileURL(path.join(programs, 'launch.js')).href) as Launch;
});

afterAll(() => {
	fs.rmSync(programs, {recursive: true, force: true});
});

beforeEach(() => {
	runs = ownRuns();
	started = [];
});

afterEach(async () => {
	delete process.env.FAKE_TRAINER;
	for (const run of started) {
		await endProcesses(run);
	}

	runs.remove();
});

/** Starts a run of the fake trainer. */
async function start(script: object = {}, settings: object = {}): Promise<Run> {
	process.env.FAKE_TRAINER = JSON.stringify(script);
	const {config, problems} = parseConfig({name: 'sks dog', baseModel: 'demo', maxSteps: 10, saveEverySteps: 5, concepts: [{instanceImages: runs.folder, instancePrompt: 'a photo of sks dog'}], ...settings});
	if (!config) {
		throw new Error(JSON.stringify(problems));
	}

	const run = await launch.startRun({config});
	started.push(run);
	return run;
}

const ofType = <T extends RunEvent['type']>(run: Run, type: T) => readEvents(run.folder).filter((event): event is EventOf<T> => event.type === type);
const said = async (run: Run, type: RunEvent['type'], count = 1) => until(`${type} was said ${count} times; it said ${fs.readFileSync(path.join(run.folder, 'events.jsonl'), 'utf8')}`, () => ofType(run, type).length >= count);
const reached = async (run: Run, step: number) => until(`step ${step} was reached`, () => ofType(run, 'step').some(event => event.step >= step));
const runnerOf = (run: Run) => readRun(run.folder).record.runner!.pid;
const trainerOf = async (run: Run) => until('a trainer is at work', () => readRun(run.folder).record.trainer?.pid);
const gone = async (run: Run) => until('the runner has ended', () => !isThere(runnerOf(run)));
/** The fake trainer's weights: the sum of all steps. */
const weights = (run: Run) => Number(/"sum":"(\d+)"/.exec(fs.readFileSync(path.join(run.folder, 'output/sks dog.safetensors'), 'latin1'))?.[1]);

describe('a run', () => {
	test('starts, says what it does, and finishes once', async () => {
		const run = await start();
		await said(run, 'finished');
		await gone(run);
		expect(readEvents(run.folder).map(event => event.type)).toEqual([
			'phase', 'started', ...Array.from({length: 5}, () => 'step'), 'checkpoint', ...Array.from({length: 5}, () => 'step'), 'checkpoint', 'finished',
		]);
		expect(weights(run)).toBe(55);
		expect(summarizeRun(readRun(run.folder))).toMatchObject({state: 'finished', step: 10, loss: 55, output: 'output/sks dog.safetensors'});
		expect(fs.existsSync(path.join(run.folder, 'control.sock'))).toBe(false);
	});

	test('does not notice when the terminal that started it is closed', async () => {
		process.env.FAKE_TRAINER = JSON.stringify({stepMs: 5});
		const terminal = spawn(process.execPath, ['--input-type=module', '-e', `
			const {startRun} = await import(${JSON.stringify(pathToFileURL(path.join(programs, 'launch.js')).href)});
			const run = await startRun({config: JSON.parse(process.argv[1])});
			console.log(run.folder);
			setInterval(() => {}, 1000);
		`, JSON.stringify(parseConfig({name: 'sks dog', baseModel: 'demo', maxSteps: 100, concepts: [{instanceImages: runs.folder, instancePrompt: 'a photo of sks dog'}]}).config)], {detached: true, stdio: ['ignore', 'pipe', 'inherit']});
		let said_ = '';
		terminal.stdout.on('data', text => {
			said_ += String(text);
		});
		const run = readRun(await until('the run has started', () => said_.trim()));
		started.push(run);
		await reached(run, 3);
		process.kill(-terminal.pid!, 'SIGHUP');
		await until('the terminal is gone', () => !isThere(terminal.pid!));
		process.kill(runnerOf(run), 'SIGHUP');
		process.kill(await trainerOf(run), 'SIGHUP');
		await said(run, 'finished');
		expect(weights(run)).toBe(5050);
		expect(ofType(run, 'restarted')).toEqual([]);
	});

	test('whose trainer is killed goes on from the last checkpoint and ends with the same weights', async () => {
		const run = await start({stepMs: 10}, {maxSteps: 30, saveEverySteps: 10});
		await reached(run, 13);
		process.kill(await trainerOf(run), 'SIGKILL');
		await said(run, 'finished');
		expect(ofType(run, 'restarted')).toMatchObject([{fromStep: 10, cause: expect.stringContaining('SIGKILL')}]);
		expect(ofType(run, 'started').map(event => event.resumedFromStep)).toEqual([undefined, 10]);
		expect(weights(run)).toBe(465);
		expect(ofType(run, 'finished')).toHaveLength(1);
	});

	test('that runs out of memory goes on with smaller batches of the same images, and says so once for each change', async () => {
		const run = await start({fullAt: 7, roomFor: 1}, {maxSteps: 10, saveEverySteps: 5, batchSize: 6});
		await said(run, 'finished');
		expect(ofType(run, 'restarted').map(({cause, fromStep}) => [cause, fromStep])).toEqual([
			[expect.stringContaining('batches of 3 instead of 6, 2 of them a step'), 5],
			[expect.stringContaining('batches of 1 instead of 3, 6 of them a step'), 5],
		]);
		expect(readRun(run.folder).record).toMatchObject({config: {batchSize: 6}, savings: {batchSize: 1, gradientAccumulation: 6}});
		expect(weights(run)).toBe(55);
	});

	test('that runs out of memory whatever is saved fails with what would help', async () => {
		const run = await start({fullAt: 2}, {maxSteps: 10, batchSize: 2});
		await said(run, 'failed');
		// Two batches of one, then attention in chunks is the default already, then checkpointing.
		expect(ofType(run, 'restarted')).toHaveLength(2);
		expect(ofType(run, 'failed')).toMatchObject([{cause: 'out-of-memory', message: expect.stringMatching(/Memory ran out.*OOM when allocating/), action: expect.stringContaining('8-bit AdamW')}]);
	});

	test('whose trainer dies again and again without a new checkpoint fails with the cause and what to do', async () => {
		const run = await start({dieAt: 7});
		await said(run, 'failed');
		await gone(run);
		expect(ofType(run, 'restarted')).toHaveLength(2);
		expect(ofType(run, 'failed')).toMatchObject([{
			cause: 'trainer-died',
			message: expect.stringMatching(/2 times in a row.*SIGABRT.*terminate called without an active exception/),
			action: expect.stringContaining(`dreambooth resume ${run.record.id}`),
		}]);
		expect(summarizeRun(run)).toMatchObject({state: 'failed', action: expect.stringContaining('log.txt')});
	});

	test('whose trainer knows what is wrong fails with its words and is not tried again', async () => {
		const run = await start({failAt: 3});
		await said(run, 'failed');
		expect(ofType(run, 'failed')).toMatchObject([{cause: 'ImageError', message: 'photos/dog-3.jpg is no image.', action: 'Remove it.', step: 2}]);
		expect(ofType(run, 'restarted')).toEqual([]);
	});

	test('that meets a defect fails, names it, and keeps its trace in log.txt', async () => {
		const run = await start({breakAt: 3});
		await said(run, 'failed');
		expect(ofType(run, 'failed')).toMatchObject([{cause: 'defect', message: 'x is not a function', action: expect.stringContaining('log.txt')}]);
		expect(fs.readFileSync(path.join(run.folder, 'log.txt'), 'utf8')).toContain('at misbehave');
	});

	test('writes only what is an event into its log, and says what was not', async () => {
		const run = await start({babble: true});
		await said(run, 'finished');
		expect(ofType(run, 'warning')).toMatchObject([{message: expect.stringContaining('"step":"one"')}]);
	});

	test('that is not started because its config is not valid says which key', async () => {
		const run = await start({stepMs: 20}, {maxSteps: 500});
		await endProcesses(run);
		const record = {...run.record, config: {...(run.record.config as object), lerningRate: 1}};
		fs.writeFileSync(path.join(run.folder, 'run.json'), JSON.stringify(record));
		await launch.continueRun(readRun(run.folder));
		await said(run, 'failed');
		expect(ofType(run, 'failed')[0]!.message).toContain('lerningRate');
	});
});

describe('stop', () => {
	test('saves, says once that the run stopped, and resume continues to the same weights', async () => {
		const run = await start({stepMs: 10}, {maxSteps: 40, saveEverySteps: 0});
		await reached(run, 3);
		expect(await sendCommand(run.folder, {type: 'stop', when: 'save'})).toMatchObject({ok: true});
		await said(run, 'stopped');
		await gone(run);
		const [stopped] = ofType(run, 'stopped');
		expect(stopped).toMatchObject({resumable: true, step: ofType(run, 'checkpoint').at(-1)!.step});
		expect(summarizeRun(run).state).toBe('stopped');
		await launch.continueRun(readRun(run.folder));
		await said(run, 'finished');
		expect(ofType(run, 'started').at(-1)!.resumedFromStep).toBe(stopped!.step);
		expect(weights(run)).toBe(820);
		expect(ofType(run, 'stopped')).toHaveLength(1);
	});

	test.each(['SIGTERM', 'SIGINT'] as const)('is what %s to the runner means', async signal => {
		const run = await start({stepMs: 10}, {maxSteps: 1000});
		await reached(run, 2);
		process.kill(runnerOf(run), signal);
		await said(run, 'stopped');
		expect(ofType(run, 'checkpoint').at(-1)!.step).toBe(ofType(run, 'stopped')[0]!.step);
	});

	test('now does not wait for a trainer that does not listen', async () => {
		const run = await start({deaf: true, stepMs: 20}, {maxSteps: 1000, saveEverySteps: 5});
		await said(run, 'checkpoint');
		expect(await sendCommand(run.folder, {type: 'stop', when: 'save'})).toMatchObject({ok: true});
		expect(await sendCommand(run.folder, {type: 'stop', when: 'save'})).toMatchObject({ok: false});
		expect(await sendCommand(run.folder, {type: 'stop', when: 'now'})).toMatchObject({ok: true});
		await said(run, 'stopped');
		expect(ofType(run, 'stopped')).toMatchObject([{resumable: true, step: ofType(run, 'checkpoint').at(-1)!.step}]);
		expect(ofType(run, 'restarted')).toEqual([]);
	});
});

describe('a paused run', () => {
	test('waits, makes samples and checkpoints on request afterwards, and goes on', async () => {
		const run = await start({stepMs: 5}, {maxSteps: 60, saveEverySteps: 0});
		await reached(run, 2);
		expect(await sendCommand(run.folder, {type: 'resume'})).toMatchObject({ok: false, message: 'The run is not paused.'});
		expect(await sendCommand(run.folder, {type: 'pause'})).toMatchObject({ok: true});
		expect(await sendCommand(run.folder, {type: 'pause'})).toMatchObject({ok: false});
		await said(run, 'paused');
		expect(summarizeRun(readRun(run.folder)).state).toBe('paused');
		const {step} = ofType(run, 'paused')[0]!;
		expect(await sendCommand(run.folder, {type: 'resume'})).toMatchObject({ok: true});
		await sendCommand(run.folder, {type: 'sample-now', prompts: ['sks dog in space']});
		await sendCommand(run.folder, {type: 'checkpoint-now'});
		await said(run, 'finished');
		expect(ofType(run, 'resumed')).toMatchObject([{step}]);
		expect(ofType(run, 'sample')).toMatchObject([{prompt: 'sks dog in space'}]);
		expect(ofType(run, 'checkpoint')).toHaveLength(1);
		expect(weights(run)).toBe(1830);
	});

	test('stays paused when its trainer is killed', async () => {
		const run = await start({stepMs: 5}, {maxSteps: 40});
		await said(run, 'checkpoint');
		await sendCommand(run.folder, {type: 'pause'});
		await said(run, 'paused');
		process.kill(await trainerOf(run), 'SIGKILL');
		await said(run, 'paused', 2);
		await sendCommand(run.folder, {type: 'resume'});
		await said(run, 'finished');
		expect(weights(run)).toBe(820);
	});

	test('can be stopped', async () => {
		const run = await start({stepMs: 5}, {maxSteps: 1000});
		await sendCommand(run.folder, {type: 'pause'});
		await said(run, 'paused');
		await sendCommand(run.folder, {type: 'stop', when: 'save'});
		await said(run, 'stopped');
	});
});

describe('the trainer of a machine with several GPUs', () => {
	beforeEach(() => {
		const answer = '0, RTX A5000, 24576, 4096, 20480, 550, GPU-00000000-1, 8.6\\n1, RTX A2000, 12288, 0, 12288, 550, GPU-00000001-1, 8.6\\n';
		fs.writeFileSync(path.join(runs.folder, 'nvidia-smi'), `#!/bin/sh\ncase "$1" in --query-gpu*) printf "${answer}";; esac\n`, {mode: 0o755});
		vi.stubEnv('PATH', `${runs.folder}:${process.env.PATH}`);
		vi.stubEnv('CUDA_VISIBLE_DEVICES', undefined);
	});
	afterEach(() => {
		vi.unstubAllEnvs();
	});

	test.each([
		[{}, 'sees GPU GPU-00000000-1 by PCI_BUS_ID'],
		[{gpu: '1'}, 'sees GPU GPU-00000001-1 by PCI_BUS_ID'],
	])('with %j %s', async (settings, seen) => {
		const run = await start({}, {maxSteps: 2, ...settings});
		await said(run, 'finished');
		expect(ofType(run, 'started')[0]?.deviceName).toBe(seen);
	});

	test('is not started when the card is not there', async () => {
		const run = await start({}, {maxSteps: 2, gpu: '3'});
		await said(run, 'failed');
		expect(ofType(run, 'failed')[0]).toMatchObject({message: expect.stringContaining('There is no GPU 3; there are GPU 0 (RTX A5000), GPU 1 (RTX A2000).'), action: expect.stringContaining('--gpu auto')});
		expect(ofType(run, 'started')).toEqual([]);
	});
});

describe('a run folder', () => {
	test('has one runner: a second is refused and changes nothing', async () => {
		const run = await start({stepMs: 10}, {maxSteps: 1000});
		await expect(launch.continueRun(run)).rejects.toMatchObject({name: RunBusyError.name, action: expect.stringContaining('attach')});
		const second = spawn(process.execPath, [path.join(programs, 'runner.js'), run.folder, path.join(programs, 'trainer.js')], {stdio: ['ignore', 'ignore', 'pipe']});
		let complaint = '';
		second.stderr.on('data', text => {
			complaint += String(text);
		});
		const code = await new Promise(resolve => {
			second.on('close', resolve);
		});
		expect(code).toBe(1);
		expect(complaint).toContain('is already at work');
		const before = ofType(run, 'step').length;
		await until('training goes on', () => ofType(run, 'step').length > before);
		expect(runnerOf(run)).not.toBe(second.pid);
	});

	test('of a killed runner shows a crashed run whose trainer has saved, and resume continues exactly', async () => {
		const run = await start({stepMs: 10}, {maxSteps: 60, saveEverySteps: 0});
		await reached(run, 5);
		const trainer = await trainerOf(run);
		process.kill(runnerOf(run), 'SIGKILL');
		await until('the trainer has ended', () => !isThere(trainer));
		expect(summarizeRun(readRun(run.folder)).state).toBe('crashed');
		await expect(sendCommand(run.folder, {type: 'pause'})).rejects.toThrow(RunNotRunningError);
		expect(fs.readdirSync(path.join(run.folder, 'checkpoints'))).toHaveLength(1);
		await launch.continueRun(readRun(run.folder));
		await said(run, 'finished');
		expect(ofType(run, 'started').at(-1)!.resumedFromStep).toBeGreaterThanOrEqual(5);
		expect(weights(run)).toBe(1830);
	});

	test('of a finished run is not worked on again', async () => {
		const run = await start({}, {maxSteps: 2});
		await said(run, 'finished');
		await gone(run);
		await expect(launch.continueRun(readRun(run.folder))).rejects.toThrow('has finished');
	});
});
