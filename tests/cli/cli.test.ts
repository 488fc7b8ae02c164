import {spawn, type ChildProcess} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {build} from 'esbuild';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import {asset, demoConfig} from '../../src/presets/index.ts';
import {findRun, latestCheckpoint, listRuns, packageRoot, readEvents, summarizeRun} from '../../src/train/protocol/index.ts';
import {addonKey} from '../../src/train/runtime/addon.ts';
import {runtimeFolder} from '../../src/train/runtime/index.ts';
import {buildPrograms, endProcesses, ownRuns, until} from '../train/processes/world.ts';

let programs: string;
let runs: ReturnType<typeof ownRuns>;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
	programs = await buildPrograms({cli: 'src/cli.ts', runner: 'src/train/runner.ts', trainer: 'tests/train/processes/fake-trainer.ts'});
});

afterAll(() => {
	fs.rmSync(programs, {recursive: true, force: true});
});

/** A world of its own: no runs, no presets, a runtime that looks installed. */
beforeEach(() => {
	runs = ownRuns();
	const home = path.join(runs.folder, 'home');
	environment = {...process.env, NODE_ENV: 'production', DREAMBOOTH_HOME: home, XDG_CONFIG_HOME: path.join(home, 'config'), FAKE_TRAINER: '{}', XDG_SESSION_ID: undefined};
	const runtime = runtimeFolder('cpu', environment);
	for (const file of ['addon/tfjs_binding.node', 'tensorflow/libtensorflow_framework.so.2', 'tensorflow/libtensorflow_cc.so.2']) {
		fs.mkdirSync(path.dirname(path.join(runtime, file)), {recursive: true});
		fs.writeFileSync(path.join(runtime, file), '');
	}

	fs.writeFileSync(path.join(runtime, 'probe.json'), JSON.stringify({key: `${addonKey(packageRoot())} node ${process.versions.node.split('.')[0]}`, ok: true, stages: []}));
});

afterEach(async () => {
	for (const run of listRuns()) {
		await endProcesses(run);
	}

	runs.remove();
});

interface Ended {
	readonly code: number | null;
	readonly out: string;
	readonly err: string;
}

/** A `dreambooth` process without a terminal. */
function begin(args: readonly string[]): {child: ChildProcess; said: () => string; ended: Promise<Ended>} {
	const child = spawn(process.execPath, [path.join(programs, 'cli.js'), ...args], {cwd: runs.folder, env: environment, stdio: ['ignore', 'pipe', 'pipe']});
	let [out, err] = ['', ''];
	child.stdout.on('data', text => {
		out += String(text);
	});
	child.stderr.on('data', text => {
		err += String(text);
	});
	return {child, said: () => out, ended: new Promise(resolve => {
		child.on('close', code => resolve({code, out, err}));
	})};
}

const dreambooth = async (...args: string[]): Promise<Ended> => begin(args).ended;
const script = (what: object) => {
	environment.FAKE_TRAINER = JSON.stringify(what);
};

const writeConfig = (changes: object = {}) => {
	fs.writeFileSync(path.join(runs.folder, 'robot.json'), JSON.stringify({...demoConfig(), maxSteps: 5, warmupSteps: 1, ...changes}));
	return 'robot.json';
};

describe('dreambooth', () => {
	test('without a verb and without a terminal runs the demo in plain lines', async () => {
		const {code, out, err} = await dreambooth();
		expect(err).toBe('');
		expect(code).toBe(0);
		expect(out).toMatch(/^step 200\/?.*loss/m);
		expect(out).toContain('finished: ');
		expect(out).toMatch(/BEFORE +AFTER +TARGET/);
		expect(findRun().record.config).toMatchObject({name: 'demo-robot', maxSteps: 200, concepts: [{classImagesPerInstance: 5}]});
		expect(findRun().record.hardware).toContain('GiB');
	});

	test('demo takes fewer steps, and no class images', async () => {
		expect(await dreambooth('demo', '--plain', '--steps', '4', '--prior', 'off')).toMatchObject({code: 0, err: ''});
		expect(findRun().record.config).toMatchObject({maxSteps: 4, warmupSteps: 0, concepts: [{classImagesPerInstance: 0}]});
		expect(summarizeRun(findRun())).toMatchObject({state: 'finished', step: 4});
	});

	test('demo says at its end what was learned, beside the targets, and where the pictures are', async () => {
		const {out, err} = await dreambooth('demo', '--plain', '--steps', '3');
		expect(err).toBe('');
		const [, after = ''] = out.split('finished: ');
		expect(after).toMatch(/BEFORE +AFTER +TARGET\n +demo-robot, 3 steps, prior true +\.100 +\.300 +at least \.20 +reached\n/);
		expect(after).toContain(`${path.join(findRun().folder, 'samples')}\n`);
		expect(after).toContain(`${path.join(findRun().folder, 'before-and-after.png')}\n`);
	});

	test('demo measures nothing when its run has failed, or is not watched', async () => {
		script({failAt: 2});
		const failed = await dreambooth('demo', '--plain', '--steps', '3');
		expect(failed.code).toBe(1);
		expect(failed.out).not.toContain('BEFORE');
		script({stepMs: 50});
		const detached = await dreambooth('demo', '--detach', '--steps', '3');
		expect(detached.code).toBe(0);
		expect(detached.out).not.toContain('BEFORE');
	});

	test('demo says why when it cannot measure, and that the model is safe', async () => {
		script({cannotEvaluate: true});
		const {code, out, err} = await dreambooth('demo', '--plain', '--steps', '3');
		expect(code).toBe(1);
		expect(out).toContain('finished: ');
		expect(err).toMatch(/^error: The process of the job "evaluate" died\..*\nWhat to do: The trained model is safe\./);
	});

	test('says its version, and its help names every verb and exit code', async () => {
		const {version} = JSON.parse(fs.readFileSync('package.json', 'utf8')) as {version: string};
		expect(await dreambooth('--version')).toMatchObject({code: 0, out: `${version}\n`});
		const {code, out} = await dreambooth('--help');
		expect(code).toBe(0);
		expect(out).toMatch(/train .*\n[^]*doctor .*\n[^]*Exit codes/);
	});

	test.each([
		[['trian'], 'train'],
		[['train', '--lerning-rate', '1e-6'], '--learning-rate'],
		[['train', '--learning-rate', 'fast'], 'It must be'],
		[['train', '--resolution', '100000'], 'It must be'],
		[['train', '--config', 'nowhere.json'], 'nowhere.json'],
		[['train', '--config', 'a.json', '--preset', 'b'], 'one of them'],
		[['train', '--preset', 'demmo'], 'demo'],
		[['train'], 'baseModel'],
		[['sample', '--model', 'demo'], '--prompt'],
		[['sample', '--model', 'demo', '--prompt', 'x', '--steps', 'many'], 'It must be'],
		[['demo', '--prior', 'maybe'], 'on, off'],
	])('%j is refused with what to do, and nothing is started', async (args, hint) => {
		const {code, err} = await dreambooth(...args);
		expect(err).toContain(hint);
		expect(err.split('\n').length).toBeLessThan(24);
		expect(code).toBe(2);
		expect(listRuns()).toEqual([]);
	});

	test.each([['attach'], ['stop'], ['pause'], ['resume'], ['sample-now'], ['checkpoint-now'], ['train', '--further']])('%s of a run that is not there says how to list them', async (...args) => {
		const {code, err} = await dreambooth(...args, 'ghost');
		expect(code).toBe(3);
		expect(err).toMatch(/^error: .*\nWhat to do: .*dreambooth/);
	});

	test('without the TensorFlow runtime names the command that gets it', async () => {
		fs.rmSync(environment.DREAMBOOTH_HOME!, {recursive: true});
		const {code, err} = await dreambooth('demo');
		expect(code).toBe(4);
		expect(err).toContain('dreambooth setup');
		expect(listRuns()).toEqual([]);
	});

	/** The packages that a program loads before it runs, by their names; what it imports later, when it needs it, is left out. */
	const loadedAtOnce = async (entry: string) => {
		const {metafile} = await build({entryPoints: {entry}, outdir: 'unwritten', bundle: true, splitting: true, format: 'esm', platform: 'node', packages: 'external', write: false, metafile: true});
		const loaded = new Set<string>();
		const follow = (file: string) => {
			for (const {path: from, kind} of metafile.outputs[file]?.imports ?? []) {
				if (kind === 'import-statement' && !loaded.has(from)) {
					loaded.add(from);
					follow(from);
				}
			}
		};
		follow('unwritten/entry.js');
		return [...loaded].filter(name => !name.startsWith('unwritten/') && !name.startsWith('node:')).sort();
	};

	test('loads no library but that of the command line before a verb needs it', async () => {
		expect(await loadedAtOnce('src/cli.ts')).toEqual(['commander']);
	});

	test.each([
		['plain lines of a run', 'src/tui/index.ts', ['ink', 'react', 'sharp']],
		['the check whether TensorFlow is there', 'src/cli/require-runtime.ts', ['koffi', '@tensorflow/tfjs', 'sharp']],
	])('starts fast: %s', async (_, entry, heavy) => {
		const loaded = await loadedAtOnce(entry);
		expect(loaded).toContain('zod');
		expect(heavy.filter(name => loaded.includes(name))).toEqual([]);
	});
});

describe('train', () => {
	test('takes a config file, and flags in the place of its values', async () => {
		const {code, out, err} = await dreambooth('train', '--config', writeConfig(), '--plain', '--max-steps', '3', '--sample-prompts', 'one', 'two', '--ema', '--instance-prompt', 'a photo of sks toy');
		expect(err).toBe('');
		expect(code).toBe(0);
		expect(out).toContain('dreambooth attach');
		expect(findRun().record.config).toMatchObject({maxSteps: 3, samplePrompts: ['one', 'two'], ema: true, concepts: [{instancePrompt: 'a photo of sks toy'}]});
		expect(summarizeRun(findRun())).toMatchObject({state: 'finished', step: 3});
	});

	test('takes a preset that was imported, and shows, renames, copies and removes it', async () => {
		expect(await dreambooth('presets', 'import', writeConfig())).toMatchObject({code: 0, out: expect.stringContaining('--preset "robot"')});
		expect(await dreambooth('presets', 'import', 'robot.json')).toMatchObject({code: 2});
		expect(await dreambooth('presets', 'duplicate', 'robot', 'other')).toMatchObject({code: 0});
		expect(await dreambooth('presets', 'rename', 'robot', 'toy')).toMatchObject({code: 0});
		expect((await dreambooth('presets')).out).toMatch(/^other .*\n^toy .*\n^demo .*comes with/m);
		expect(JSON.parse((await dreambooth('presets', 'show', 'toy')).out)).toMatchObject({maxSteps: 5});
		expect(await dreambooth('presets', 'export', 'toy', 'robot.json')).toMatchObject({code: 2, err: expect.stringContaining('exists already')});
		expect(await dreambooth('presets', 'export', 'toy', 'out.json')).toMatchObject({code: 0});
		expect(JSON.parse(fs.readFileSync(path.join(runs.folder, 'out.json'), 'utf8'))).toMatchObject({maxSteps: 5});
		expect(await dreambooth('presets', 'remove', 'other')).toMatchObject({code: 0});
		expect(await dreambooth('train', '--preset', 'toy', '--plain')).toMatchObject({code: 0});
		expect(summarizeRun(findRun())).toMatchObject({state: 'finished', step: 5});
	});

	test('--further starts a new run from the weights of a finished one', async () => {
		await dreambooth('train', '--config', writeConfig(), '--plain');
		const first = findRun();
		expect(await dreambooth('train', '--further', 'last', '--max-steps', '2', '--plain')).toMatchObject({code: 0, err: ''});
		const second = findRun();
		expect(second.record.id).not.toBe(first.record.id);
		expect(second.record.furtherFrom).toBe(path.join(first.folder, 'output/demo-robot'));
		expect(summarizeRun(second)).toMatchObject({state: 'finished', step: 2});
	});

	test('--further goes on with a LoRA on the model that it was trained on', async () => {
		await dreambooth('train', '--config', writeConfig(), '--plain', '--training', 'lora');
		const first = findRun();
		expect(await dreambooth('train', '--further', 'last', '--max-steps', '2', '--plain')).toMatchObject({code: 0, err: ''});
		const {record} = findRun();
		expect(record.config).toMatchObject({training: 'lora', loraFile: path.join(first.folder, 'output/demo-robot.safetensors'), baseModel: 'demo'});
		expect(record.furtherFrom).toBeUndefined();
		expect(await dreambooth('train', '--further', first.record.id, '--training', 'full')).toMatchObject({code: 2, err: expect.stringContaining('Set training to lora')});
	});

	test('exits 1 with the trainer\'s words when the run fails', async () => {
		script({failAt: 2});
		const {code, out} = await dreambooth('train', '--config', writeConfig(), '--plain');
		expect(code).toBe(1);
		expect(out).toContain('error: photos/dog-3.jpg is no image.\nWhat to do: Remove it.');
	});

	test('names a folder of images that is not there, and a config key that is misspelt', async () => {
		const config = demoConfig();
		expect(await dreambooth('train', '--config', writeConfig({concepts: [{...config.concepts[0], instanceImages: 'no-photos'}]}))).toMatchObject({code: 2, err: expect.stringContaining('no-photos')});
		expect(await dreambooth('train', '--config', writeConfig({bachSize: 1}))).toMatchObject({code: 2, err: expect.stringContaining('batchSize')});
	});
});

describe('a run in the background', () => {
	const start = async () => {
		script({stepMs: 10});
		const {out, err, code} = await dreambooth('train', '--config', writeConfig({maxSteps: 2000, saveEverySteps: 0}), '--detach');
		expect({err, code}).toEqual({err: '', code: 0});
		expect(out.split('\n')[0]).toBe(findRun().record.id);
		return findRun();
	};
	const state = () => summarizeRun(findRun()).state;

	test('is listed, paused, resumed, sampled, saved, stopped and resumed again', async () => {
		const run = await start();
		await until('it trains', () => summarizeRun(run).step > 0);
		expect((await dreambooth('runs')).out).toMatch(new RegExp(`^RUN .*STATE.*\n${run.record.id}  running  \\d+`));
		expect(JSON.parse((await dreambooth('runs', '--json')).out)).toMatchObject([{id: run.record.id, state: 'running', folder: run.folder}]);
		expect(await dreambooth('resume')).toMatchObject({code: 3, out: 'The run is not paused.\n'});
		expect(await dreambooth('pause')).toMatchObject({code: 0});
		await until('it is paused', () => state() === 'paused');
		expect(await dreambooth('resume', '--detach')).toMatchObject({code: 0});
		await until('it runs', () => state() === 'running');
		expect(await dreambooth('sample-now', 'last', '--prompt', 'sks robot on the moon')).toMatchObject({code: 0});
		expect(await dreambooth('checkpoint-now')).toMatchObject({code: 0});
		await until('both are done', () => {
			const events = readEvents(run.folder);
			return events.some(event => event.type === 'sample' && event.prompt === 'sks robot on the moon') && events.some(event => event.type === 'checkpoint');
		});
		const stopped = await dreambooth('stop');
		expect(stopped).toMatchObject({code: 0, out: expect.stringMatching(/saves a checkpoint.*\nStopped at step \d+\. Continue it with: dreambooth resume/)});
		expect(state()).toBe('stopped');
		expect(await dreambooth('stop')).toMatchObject({code: 3, err: expect.stringContaining('is not running')});
		script({});
		expect(await dreambooth('resume', run.record.id, '--plain')).toMatchObject({code: 0, out: expect.stringContaining('finished: ')});
		expect(await dreambooth('resume')).toMatchObject({code: 1, err: expect.stringContaining('--further')});
	});

	test('changes its prompts and learning rates while it trains, and ends when its epoch does', async () => {
		const run = await start();
		await until('it trains', () => summarizeRun(run).step > 0);
		expect(await dreambooth('set-prompts', 'last', '--prompt', 'sks robot asleep', 'sks robot at sea')).toMatchObject({code: 0, out: 'The next samples show the new prompts.\n'});
		expect(await dreambooth('learning-rate', 'last', '--scale', '0.5')).toMatchObject({code: 0, out: expect.stringContaining('multiplied by 0.5')});
		await until('both are done', () => readEvents(run.folder).filter(({type}) => type === 'changed').length === 2);
		expect(readEvents(run.folder).filter(({type}) => type === 'changed')).toMatchObject([{samplePrompts: ['sks robot asleep', 'sks robot at sea']}, {learningRateScale: 0.5}]);
		expect(await dreambooth('learning-rate', '--scale', '0')).toMatchObject({code: 2, err: expect.stringContaining('from 0.001 to 10')});
		expect(await dreambooth('stop', '--at-epoch-end', '--now')).toMatchObject({code: 2, err: expect.stringContaining('one of them')});
		expect(await dreambooth('stop', '--at-epoch-end')).toMatchObject({code: 0, out: expect.stringMatching(/to the end of this epoch.*\nStopped at step \d+\. Continue it/)});
	});

	test('is discarded only by somebody who means it', async () => {
		const run = await start();
		await until('it trains', () => summarizeRun(run).step > 0);
		await dreambooth('checkpoint-now');
		await until('it is saved', () => latestCheckpoint(run.folder));
		expect(await dreambooth('stop', '--discard')).toMatchObject({code: 2, err: expect.stringContaining('--discard --yes')});
		expect(state()).toBe('running');
		expect(await dreambooth('stop', '--discard', '--yes')).toMatchObject({code: 0, out: expect.stringMatching(/checkpoints are deleted.*\nStopped at step \d+\. It has no checkpoint/)});
		expect(latestCheckpoint(run.folder)).toBeUndefined();
	});

	test('is compared with another: how both went and what was set differently', async () => {
		await dreambooth('train', '--config', writeConfig(), '--plain');
		const first = findRun().record.id;
		await dreambooth('train', '--config', writeConfig({learningRate: 0.00005}), '--plain', '--max-steps', '3');
		const {code, out} = await dreambooth('compare', first, 'last');
		expect(code).toBe(0);
		expect(out).toMatch(/^state +finished +finished$/m);
		expect(out).toMatch(/^step +5\b.* 3\b/m);
		expect(out).toMatch(/^learningRate +\S+ +0\.00005$/m);
		expect(JSON.parse((await dreambooth('compare', first, 'last', '--json')).out)).toMatchObject({run: [first, findRun().record.id], maxSteps: ['5', '3']});
		expect(await dreambooth('compare', first)).toMatchObject({code: 2});
		expect(await dreambooth('compare', first, 'ghost')).toMatchObject({code: 3});
	});

	test('goes on when the person who watches it presses Ctrl-C, which says so first and leaves then', async () => {
		const run = await start();
		const watching = begin(['attach', '--plain']);
		await until('it shows steps', () => /^step /m.test(watching.said()));
		watching.child.kill('SIGINT');
		watching.child.kill('SIGINT');
		await until('it says that training goes on', () => watching.said().includes(`dreambooth stop ${run.record.id}`));
		const soFar = watching.said().length;
		await until('it still shows steps', () => /^step /m.test(watching.said().slice(soFar)));
		watching.child.kill('SIGINT');
		expect((await watching.ended).code).toBe(130);
		expect(state()).toBe('running');
		expect(await dreambooth('stop', '--now')).toMatchObject({code: 0});
	});
});

describe('sample', () => {
	const pictures = async (...args: string[]) => dreambooth('sample', '--model', 'demo', '--prompt', 'A robot, on snow!', ...args);

	test('makes pictures in a process of its own and overwrites none', async () => {
		const {code, out, err} = await pictures('--count', '2', '--seed', '7', '--steps', '3', '--out', 'pictures');
		expect({err, code}).toEqual({err: '', code: 0});
		const files = ['a-robot-on-snow-7.png', 'a-robot-on-snow-8.png'].map(name => path.join(runs.folder, 'pictures', name));
		expect(out.trim().split('\n')).toEqual(files);
		expect(JSON.parse(fs.readFileSync(files[1]!, 'utf8'))).toMatchObject({prompt: 'A robot, on snow!', seed: 8, model: asset('demo', 'base'), samplingSteps: 3, device: 'auto', precision: 'f32'});
		expect(await pictures('--seed', '8', '--out', 'pictures')).toMatchObject({code: 2, err: expect.stringContaining('exists already')});
		expect(await pictures('--out', 'one.png')).toMatchObject({code: 0});
		expect(await pictures('--count', '2', '--out', 'two.png')).toMatchObject({code: 2, err: expect.stringContaining('one file')});
	});

	test('works where it is told to, in the numbers that were typed', async () => {
		expect(await pictures('--device', 'cpu', '--precision', 'fp16', '--out', 'cpu.png')).toMatchObject({code: 0, err: ''});
		expect(JSON.parse(fs.readFileSync(path.join(runs.folder, 'cpu.png'), 'utf8'))).toMatchObject({device: 'cpu', precision: 'f16', sees: '-1'});
		expect(await pictures('--gpu', '99', '--out', 'gpu.png')).toMatchObject({code: 2, err: expect.stringMatching(/^error: There is no/)});
		expect(await pictures('--gpu', '0', '--device', 'cpu')).toMatchObject({code: 2, err: expect.stringContaining('--gpu 0 names a graphics card')});
		expect(fs.existsSync(path.join(runs.folder, 'gpu.png'))).toBe(false);
	});

	test('uses what a run has made', async () => {
		await dreambooth('train', '--config', writeConfig(), '--plain');
		expect(await dreambooth('sample', '--prompt', 'x', '--out', 'x.png')).toMatchObject({code: 0, err: ''});
		expect(JSON.parse(fs.readFileSync(path.join(runs.folder, 'x.png'), 'utf8'))).toMatchObject({model: path.join(findRun().folder, 'output/demo-robot')});
	});

	test('uses a LoRA with the model it is for, at the strength that was typed', async () => {
		await dreambooth('train', '--config', writeConfig(), '--plain', '--training', 'lora');
		const file = path.join(findRun().folder, 'output/demo-robot.safetensors');
		const asked = async (name: string, ...args: string[]) => {
			expect(await dreambooth('sample', '--prompt', 'x', '--out', name, ...args)).toMatchObject({code: 0, err: ''});
			return JSON.parse(fs.readFileSync(path.join(runs.folder, name), 'utf8')) as unknown;
		};
		expect(await asked('run.png')).toMatchObject({model: asset('demo', 'base'), lora: {file, scale: 1}});
		expect(await asked('file.png', '--model', 'demo', '--lora', file, '--lora-scale', '0.6')).toMatchObject({model: asset('demo', 'base'), lora: {file, scale: 0.6}});
		expect(await pictures('--lora', file, '--lora-scale', 'much')).toMatchObject({code: 2, err: expect.stringContaining('--lora-scale much')});
	});

	test('says why when it fails, and when its process dies', async () => {
		script({failAt: 1});
		expect(await pictures()).toMatchObject({code: 1, err: 'error: photos/dog-3.jpg is no image.\nWhat to do: Remove it.\n'});
		script({dieAt: 1});
		expect(await pictures()).toMatchObject({code: 1, err: expect.stringMatching(/job "sample" died.*SIGABRT.*terminate called/)});
	});
});

describe('explain', () => {
	test('says what a setting does, by its flag or any other name', async () => {
		expect(await dreambooth('explain', '--batch-size')).toMatchObject({code: 0, out: expect.stringMatching(/batchSize, --batch-size/)});
	});
});
