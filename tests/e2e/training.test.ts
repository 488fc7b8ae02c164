import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {demoConfig, type TrainingConfig} from '../../src/presets/index.ts';
import {readEvents, readRun, summarizeRun, type EventOf, type Run, type RunEvent} from '../../src/train/protocol/index.ts';
import {openSafetensors} from '../../src/train/weights/index.ts';
import {buildPrograms, endProcesses, isThere, ownRuns, until} from '../train/processes/world.ts';

type Launch = typeof import('../../src/train/launch.ts');

let programs: string;
let launch: Launch;
let runs: ReturnType<typeof ownRuns>;
let classImages: string;
const started: Run[] = [];

beforeAll(async () => {
	programs = await buildPrograms({runner: 'src/train/runner.ts', trainer: 'src/train/trainer.ts', launch: 'src/train/launch.ts', cli: 'src/cli.ts'});
	launch = await import(pathToFileURL(path.join(programs, 'launch.js')).href) as Launch;
	runs = ownRuns();
	classImages = fs.mkdtempSync(path.join(os.tmpdir(), 'dreambooth-class-'));
});

afterAll(async () => {
	for (const run of started) await endProcesses(run);
	for (const folder of [programs, classImages]) fs.rmSync(folder, {recursive: true, force: true});
	runs.remove();
});

/** The demo, all of its parts, in seconds: small pictures, few steps. */
function shortDemo(settings: Partial<TrainingConfig> = {}): TrainingConfig {
	const demo = demoConfig();
	return {
		...demo,
		concepts: demo.concepts.map(concept => ({...concept, classImages, classImagesPerInstance: 1, classSamplingSteps: 2})),
		resolution: 64, maxSteps: 10, batchSize: 2, warmupSteps: 2, ema: true, horizontalFlip: true, deterministic: true,
		samplePrompts: [demo.concepts[0].instancePrompt], samplingSteps: 2, sampleEverySteps: 5, saveEverySteps: 5,
		...settings,
	};
}

async function start(config: TrainingConfig): Promise<Run> {
	const run = await launch.startRun({config});
	started.push(run);
	return run;
}

const ofType = <T extends RunEvent['type']>(run: Run, type: T) => readEvents(run.folder).filter((event): event is EventOf<T> => event.type === type);
const said = async (run: Run, type: RunEvent['type']) => until(`${type} was said; the log says ${fs.readFileSync(path.join(run.folder, 'log.txt'), 'utf8')}`, () => {
	const failure = ofType(run, 'failed')[0];
	if (failure && type !== 'failed') throw new Error(failure.message);
	return ofType(run, type).length > 0;
}, 90_000);
const gone = async (run: Run) => until('the runner has ended', () => !isThere(readRun(run.folder).record.runner!.pid));
const digest = (file: string) => createHash('sha256').update(fs.readFileSync(file)).digest('hex');
/** What the steps said, without how long they took; a step that was done twice counts as it was last. */
const stepsOf = (run: Run) => [...new Map(ofType(run, 'step').map(({time: _time, stepMs: _stepMs, ...step}) => [step.step, step])).values()];

describe('a training run, through the real processes', () => {
	let straight: Run;

	test('goes from the base model to a file that is a model', async () => {
		straight = await start(shortDemo());
		await said(straight, 'finished');
		const [finished] = ofType(straight, 'finished');
		expect(finished.step).toBe(10);
		expect(stepsOf(straight).map(({step}) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
		expect(ofType(straight, 'sample').map(({step}) => step)).toEqual([0, 5, 10]);
		for (const {file} of ofType(straight, 'sample')) expect(fs.statSync(path.join(straight.folder, file)).size).toBeGreaterThan(500);

		const file = await openSafetensors(path.join(straight.folder, finished.output));
		const values = await file.readFloat32('model.diffusion_model.out.2.weight');
		await file.close();
		expect(values.every(Number.isFinite)).toBe(true);
		// The folder for diffusers can be trained further: it is a base model like any other.
		const further = await start(shortDemo({baseModel: path.join(straight.folder, finished.folder!), maxSteps: 1, warmupSteps: 0, sampleEverySteps: 0, saveEverySteps: 0}));
		await said(further, 'finished');
		await gone(further);
	});

	test('killed after step 5 and continued, ends with the same bits as when it was left alone', async () => {
		const killed = await start(shortDemo());
		await until('the checkpoint of step 5 is there', () => ofType(killed, 'checkpoint').some(({step}) => step === 5), 90_000);
		const {runner, trainer} = readRun(killed.folder).record;
		process.kill(runner!.pid, 'SIGKILL');
		process.kill(trainer!.pid, 'SIGKILL');
		await until('both are gone', () => !isThere(runner!.pid) && !isThere(trainer!.pid));
		expect(summarizeRun(killed).state).not.toBe('finished');

		await launch.continueRun(readRun(killed.folder));
		await said(killed, 'finished');
		expect(ofType(killed, 'started').map(({resumedFromStep}) => resumedFromStep)).toEqual([undefined, 5]);
		expect(stepsOf(killed)).toEqual(stepsOf(straight));
		// Weights, optimizer and averages, to the bit. (The output's header says when it was made.)
		const last = 'checkpoints/step-000010';
		const files = fs.readdirSync(path.join(straight.folder, last));
		expect(files).toContain('unet.safetensors');
		for (const file of files) expect(digest(path.join(killed.folder, last, file)), file).toBe(digest(path.join(straight.folder, last, file)));
		await gone(killed);
	});

	test('is watched, from config file to result, with plain lines', () => {
		const config = path.join(runs.folder, 'short.json');
		fs.writeFileSync(config, JSON.stringify(shortDemo({maxSteps: 2, warmupSteps: 0, name: 'by file'})));
		const {status, stdout, stderr} = spawnSync(process.execPath, [path.join(programs, 'cli.js'), 'train', '--config', config, '--plain'], {encoding: 'utf8', timeout: 90_000});
		expect(status, stderr).toBe(0);
		expect(stdout).toMatch(/step +2\/2/);
		const output = /finished: (.*\.safetensors)/.exec(stdout)?.[1] ?? '';
		expect(fs.existsSync(output), stdout).toBe(true);
	});
});
