import {spawn} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest';
import {asset, diskRoom} from '../../src/presets/index.ts';
import {findRun, listRuns, readEvents} from '../../src/train/protocol/index.ts';
import {buildPrograms, endProcesses, ownRuns} from '../train/processes/world.ts';

/** The real programs: what a wrong file does to a run is seen in them only. */
let programs: string;
let runs: ReturnType<typeof ownRuns>;
/** Where the commands are typed. */
let here: string;

beforeAll(async () => {
	programs = await buildPrograms({cli: 'src/cli.ts', runner: 'src/train/runner.ts', trainer: 'src/train/trainer.ts'});
});

afterAll(() => {
	fs.rmSync(programs, {recursive: true, force: true});
});

beforeEach(() => {
	runs = ownRuns();
	here = fs.mkdtempSync(path.join(os.tmpdir(), 'dreambooth-input-'));
	fs.cpSync(asset('demo', 'photos'), at('photos'), {recursive: true});
});

afterEach(async () => {
	for (const run of listRuns()) {
		await endProcesses(run);
	}

	runs.remove();
	fs.rmSync(here, {recursive: true, force: true});
});

const at = (...names: string[]) => path.join(here, ...names);

interface Ended {
	readonly code: number | null;
	readonly out: string;
	readonly err: string;
}

/** A `dreambooth` process without a terminal. */
async function dreambooth(...args: string[]): Promise<Ended> {
	const environment = {...process.env, NODE_ENV: 'production', XDG_CONFIG_HOME: at('settings'), XDG_SESSION_ID: undefined};
	const child = spawn(process.execPath, [path.join(programs, 'cli.js'), ...args], {cwd: here, env: environment, stdio: ['ignore', 'pipe', 'pipe']});
	let [out, err] = ['', ''];
	child.stdout.on('data', text => {
		out += String(text);
	});
	child.stderr.on('data', text => {
		err += String(text);
	});
	return new Promise(resolve => {
		child.on('close', code => resolve({code, out, err}));
	});
}

/** The smallest run of the demo's model on the photos here, with changes. */
function writeConfig(changes: object = {}, concept: object = {}): void {
	const small = {name: 'toy', baseModel: 'demo', resolution: 64, maxSteps: 1, sampleEverySteps: 0, trainTextEncoder: false};
	fs.writeFileSync(at('toy.json'), JSON.stringify({...small, concepts: [{instanceImages: 'photos', instancePrompt: 'a photo of sks robot', ...concept}], ...changes}, undefined, '\t'));
}

const train = async (changes: object = {}, concept: object = {}): Promise<Ended> => {
	writeConfig(changes, concept);
	return dreambooth('train', '--config', 'toy.json', '--plain');
};

/** What a refused start must be: one screen that holds these words and what to do, exit code 2, and no trace of a run. */
function expectRefusal({code, out, err}: Ended, ...words: readonly (string | RegExp)[]): void {
	for (const word of words) {
		expect(err).toMatch(word);
	}

	expect(err).toMatch(/^error: /);
	expect(err).toMatch(/\nWhat to do: /);
	expect(err).not.toMatch(/\n\s+at /);
	expect(err.split('\n').length).toBeLessThan(24);
	expect(out).toBe('');
	expect(code).toBe(2);
	expect(listRuns()).toEqual([]);
}

describe('a folder of instance images', () => {
	test('that is missing is named', async () => {
		expectRefusal(await train({}, {instanceImages: 'fotos'}), at('fotos'), 'does not exist', 'Correct the path');
	});

	test('that is a file is named', async () => {
		expectRefusal(await train({}, {instanceImages: 'photos/robot-1.png'}), at('photos', 'robot-1.png'), 'is not a folder');
	});

	test('that is empty is named', async () => {
		fs.mkdirSync(at('empty'));
		expectRefusal(await train({}, {instanceImages: 'empty'}), at('empty'), 'is empty', 'Put pictures');
	});

	test('that holds other files only says how many', async () => {
		fs.mkdirSync(at('papers'));
		for (const name of ['a.pdf', 'b.docx']) {
			fs.writeFileSync(at('papers', name), name);
		}

		expectRefusal(await train({}, {instanceImages: 'papers'}), at('papers'), 'holds 2 files, but no image');
	});

	test('whose images are all damaged names them and what is wrong with each, before a run begins', async () => {
		fs.mkdirSync(at('damaged'));
		fs.writeFileSync(at('damaged', 'one.jpg'), 'this is no picture');
		fs.writeFileSync(at('damaged', 'two.png'), fs.readFileSync(at('photos', 'robot-1.png')).subarray(0, 1000));
		expectRefusal(await train({}, {instanceImages: 'damaged'}), at('damaged'), 'no usable image', 'one.jpg is not an image', 'two.png is damaged or cut off');
	});

	// Root may read everything.
	test.runIf(process.getuid?.() !== 0)('that may not be read is named', async () => {
		fs.chmodSync(at('photos'), 0);
		expectRefusal(await train(), at('photos'), 'may not be read by you');
		fs.chmodSync(at('photos'), 0o700);
	});

	test('with a text, a cut-off JPEG and a small image among good ones: the first two are skipped, all are named, and it trains', async () => {
		const jpeg = await sharp(at('photos', 'robot-4.png')).resize(300).jpeg().toBuffer();
		fs.writeFileSync(at('photos', 'cut.jpg'), jpeg.subarray(0, jpeg.length / 2));
		fs.writeFileSync(at('photos', 'notes.md'), 'the toy stands on my desk');
		await sharp(at('photos', 'robot-5.png')).resize(40, 50, {fit: 'fill'}).toFile(at('photos', 'small.png'));
		const {code, out} = await train();
		expect(code).toBe(0);
		expect(out).toMatch(/warning: Skipped 2 files in .*photos: cut\.jpg is damaged or cut off; notes\.md is not an image\./);
		expect(out).toMatch(/warning: 1 image in .*photos smaller than 64x64, so enlarged and blurred: small\.png \(40x50\)\./);
		expect(out).toMatch(/1 steps? with 6 images/);
		expect(readEvents(findRun().folder).findIndex(({type}) => type === 'warning')).toBeLessThan(readEvents(findRun().folder).findIndex(({type}) => type === 'plan'));
	});
});

/** Rewrites the header of a safetensors file, and returns the size of the new one. */
function changeHeader(file: string, change: (header: Record<string, {dtype: string; shape: number[]; data_offsets: number[]}>) => void): number {
	const bytes = fs.readFileSync(file);
	const end = 8 + Number(bytes.readBigUInt64LE());
	const header = JSON.parse(bytes.subarray(8, end).toString()) as Parameters<typeof change>[0];
	change(header);
	const text = Buffer.from(JSON.stringify(header));
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(text.length));
	const changed = Buffer.concat([length, text, bytes.subarray(end)]);
	fs.writeFileSync(file, changed);
	return changed.length;
}

const weights = {unet: ['unet', 'diffusion_pytorch_model.safetensors'], vae: ['vae', 'diffusion_pytorch_model.safetensors'], textEncoder: ['text_encoder', 'model.safetensors']} as const;

/** Trains with a copy of the demo's model after it was changed; `file` gives the place of a network's weights. */
async function trainChanged(change: (file: (network: keyof typeof weights) => string) => void): Promise<Ended> {
	fs.cpSync(asset('demo', 'base'), at('model'), {recursive: true});
	change(network => at('model', ...weights[network]));
	return train({baseModel: 'model'});
}

describe('a base model', () => {
	test('that is not there is named', async () => {
		expectRefusal(await train({baseModel: 'modell'}), at('modell'), 'does not exist');
	});

	test('that is some folder says what a model folder has', async () => {
		expectRefusal(await train({baseModel: 'photos'}), at('photos'), 'it has no model_index.json');
	});

	test.each([
		['ZIP archive', [0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0]],
		['bare pickle', [0x80, 2, 0x7d, 0x71, 0, 0x28, 0x58, 0, 0]],
	])('that is a pickle (%s) is refused with the reason and a way out', async (_, start) => {
		fs.writeFileSync(at('model.ckpt'), Buffer.from([...start, ...Array<number>(500).fill(0)]));
		expectRefusal(await train({baseModel: 'model.ckpt'}), at('model.ckpt'), 'is a Python pickle', 'runs the program inside it', 'python3 -c', `${at('model')}.safetensors`);
	});

	test('whose folder has a pickle in the place of safetensors is refused with the reason', async () => {
		expectRefusal(await trainChanged(file => fs.renameSync(file('textEncoder'), at('model', 'text_encoder', 'pytorch_model.bin'))), 'pytorch_model.bin is a Python pickle', `${at('model', 'text_encoder', 'model')}.safetensors`);
	});

	test('that is cut off says how many bytes are there and how many are needed', async () => {
		expectRefusal(await trainChanged(file => fs.truncateSync(file('unet'), 100_000)), at('model', ...weights.unet), 'it is cut off', 'the file has 100000');
	});

	test.each([
		['has no header', 'empty-file', 'it has only 0 bytes'],
		['has a header of another kind', 'header-not-json', 'its header is not JSON'],
		['has tensors that overlap', 'overlapping-tensors', 'overlaps the tensor before it'],
		['names a tensor twice', 'duplicate-tensor-name', 'twice'],
		['has numbers that nobody knows', 'unknown-dtype', 'has the data type'],
		['is a good file of something else', 'ordinary', 'no model that is known here'],
	])('that %s is refused with the reason', async (_, name, reason) => {
		expectRefusal(await train({baseModel: path.resolve('tests/fixtures/safetensors-files', `${name}.safetensors`)}), `${name}.safetensors`, reason);
	});

	test('without the weights of its UNet is refused by their name, and is enough to begin with random ones, which are drawn but once', async () => {
		expectRefusal(await trainChanged(file => fs.rmSync(file('unet'))), `${at('model', 'unet')} has no diffusion_pytorch_model.safetensors`);
		const {code, out} = await train({baseModel: 'model', init: 'random'});
		expect(out).toContain(`Base model: the structure of ${at('model')}; UNet begins with random weights`);
		expect(code).toBe(0);
		const further = await dreambooth('train', '--further', findRun().record.id, '--init', 'random', '--plain');
		expect(further.err).toMatch(/--further begins with the weights of run .*, but init is random/);
		expect(further.code).toBe(2);
	});

	test('without a tensor, or with a misshapen one, names file, key, expected and found shape', async () => {
		const ended = await trainChanged(file => {
			changeHeader(file('vae'), header => {
				header['decoder.conv_inn.weight'] = header['decoder.conv_in.weight'];
				delete header['decoder.conv_in.weight'];
				header['encoder.conv_in.weight'].shape.reverse();
			});
		});
		expectRefusal(
			ended,
			`${at('model', ...weights.vae)} does not fit its config.json: 2 tensors are missing or misshapen:\n`,
			/\n +decoder\.conv_in\.weight: expected \[\d+, 4, 3, 3\], found nothing\n/,
			/\n +encoder\.conv_in\.weight: expected \[(\d+), 3, 3, 3\], found \[3, 3, 3, \1\]\n/,
			'Take config.json and weights from the same model',
		);
	});
});

describe('a config', () => {
	test('with misspelt keys names the nearest setting, and where they stand', async () => {
		expectRefusal(await train({lerningRate: 1e-6}), /toy\.json, line \d+, column \d+: lerningRate is not a setting/, 'Did you mean learningRate?');
		expectRefusal(await train({}, {instancePromt: 'x'}), 'concepts.0.instancePromt is not a setting', 'Did you mean instancePrompt?');
		expectRefusal(await train({zzzzzzzz: 1}), 'zzzzzzzz is not a setting', 'Remove it');
	});

	test('with values out of range names all of them, and the ranges', async () => {
		expectRefusal(await train({batchSize: 0, learningRate: 5}), 'batchSize is 0. It must be a whole number from 1 to', 'learningRate is 5. It must be a number from');
	});

	test('that is no JSON says where', async () => {
		fs.writeFileSync(at('toy.json'), '{\n\t"name": "toy",\n\t"maxSteps" 3\n}');
		expectRefusal(await dreambooth('train', '--config', 'toy.json'), 'toy.json, line 3, column 13');
	});

	test('has the same ranges for flags', async () => {
		writeConfig();
		expectRefusal(await dreambooth('train', '--config', 'toy.json', '--batch-size', '0'), '--batch-size 0: It must be a whole number from 1 to');
	});
});

test('a disk without room for the trained model stops the start, and says how much is missing', async () => {
	// A tensor larger than the disk; its file has no more blocks than it needs.
	const bytes = 2 * diskRoom(runs.folder).freeBytes;
	const ended = await trainChanged(file => {
		const end = changeHeader(file('textEncoder'), header => {
			const begin = Math.max(...Object.entries(header).flatMap(([name, {data_offsets: offsets}]) => (name === '__metadata__' ? [] : offsets)));
			header.vast = {dtype: 'U8', shape: [bytes], data_offsets: [begin, begin + bytes]};
		});
		fs.truncateSync(file('textEncoder'), end + bytes);
	});
	expectRefusal(ended, /The trained model, as a file and as a folder, needs [\d.]+ [KMGTP]?i?B and the disk of .* has [\d.]+ [KMGTP]?i?B left/, /Free [\d.]+ [KMGTP]?i?B there/, 'DREAMBOOTH_RUNS=');
});

test('a report of the demo needs a run', async () => {
	expect(await dreambooth('demo', '--report', 'yesterday')).toMatchObject({code: 3, err: expect.stringContaining('There is no run yet') as string});
	expectRefusal(await dreambooth('demo', '--json'), '--json is for --report', 'Give both, or neither');
});

describe('an output that exists', () => {
	test('is not overwritten by an exported preset, unless that is asked for', async () => {
		fs.writeFileSync(at('mine.json'), 'precious');
		expectRefusal(await dreambooth('presets', 'export', 'demo', 'mine.json'), 'mine.json exists already', '--overwrite');
		expect(fs.readFileSync(at('mine.json'), 'utf8')).toBe('precious');
		expect(await dreambooth('presets', 'export', 'demo', 'mine.json', '--overwrite')).toMatchObject({code: 0});
	});

	test('is not overwritten by a sample', async () => {
		fs.writeFileSync(at('mine.png'), 'precious');
		expectRefusal(await dreambooth('sample', '--model', 'demo', '--prompt', 'a robot', '--out', 'mine.png', '--steps', '1'), 'mine.png exists already', 'Choose another place with --out');
		expect(fs.readFileSync(at('mine.png'), 'utf8')).toBe('precious');
	});

	test('of an earlier run stays: each run has a folder of its own', async () => {
		writeConfig();
		const first = await dreambooth('train', '--config', 'toy.json', '--plain');
		expect(first.code).toBe(0);
		const file = path.join(findRun().folder, 'output', 'toy.safetensors');
		const {mtimeMs} = fs.statSync(file);
		expect((await dreambooth('train', '--config', 'toy.json', '--plain')).code).toBe(0);
		expect(fs.statSync(file).mtimeMs).toBe(mtimeMs);
		expect(listRuns()).toHaveLength(2);
	});
});
