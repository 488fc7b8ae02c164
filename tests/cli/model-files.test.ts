import {spawn} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {asset} from '../../src/presets/index.ts';
import {buildPrograms} from '../train/processes/world.ts';

const fixtures = new URL('../fixtures', import.meta.url).pathname;
const kohya = path.join(fixtures, 'lora/kohya.safetensors');

let programs: string;
let folder: string;
beforeAll(async () => {
	programs = await buildPrograms({cli: 'src/cli.ts'});
	folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dreambooth-files-'));
});
afterAll(() => {
	for (const each of [programs, folder]) fs.rmSync(each, {recursive: true, force: true});
});

/** A `dreambooth` process without a terminal, and without a TensorFlow runtime. */
const dreambooth = (...args: string[]): Promise<{code: number | null; out: string; err: string}> => {
	const child = spawn(process.execPath, [path.join(programs, 'cli.js'), ...args], {cwd: folder, env: {...process.env, NODE_ENV: 'production', DREAMBOOTH_HOME: path.join(folder, 'home')}, stdio: ['ignore', 'pipe', 'pipe']});
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
};

describe('dreambooth show', () => {
	test('says in its first line what a file is, then its parts, metadata and hashes', async () => {
		const {code, out, err} = await dreambooth('show', kohya);
		expect([code, err]).toEqual([0, '']);
		expect(out.split('\n')[0]).toBe('LoRA, in kohya\'s names, rank 4, alpha 2, fp16, 334 kB');
		expect(out).toMatch(/adapters of the UNet +384 +114,688 +fp16 +\S+ +\S+ +0 +0\n/);
		expect(out).toMatch(/ss_network_dim +4\n/);
		expect(out).toMatch(/sha256 {2}[0-9a-f]{64}\nAutoV2 {2}[0-9a-f]{10}\nAutoV3 {2}[0-9a-f]{12}\n$/);
	});

	test('reads only the header when asked to be quick, and speaks JSON', async () => {
		const {code, out} = await dreambooth('show', asset('demo', 'base'), '--quick', '--json');
		expect(code).toBe(0);
		const shown = JSON.parse(out) as {readonly headline: string; readonly components: readonly object[]; readonly hashes?: unknown};
		expect(shown.headline).toContain('diffusers folder, fp16');
		expect(shown.components).toMatchObject([{name: 'UNet'}, {name: 'text encoder'}, {name: 'autoencoder'}]);
		expect(shown.hashes).toBeUndefined();
		const counted = JSON.parse((await dreambooth('show', kohya, '--json')).out) as object;
		expect(counted).toMatchObject({kind: 'lora', components: [{name: 'adapters of the UNet', nans: 0, infinities: 0}, {}, {name: 'alpha'}], hashes: [{path: kohya}]});
	});

	test('is not steered by what a file says', async () => {
		const header = Buffer.from(JSON.stringify({__metadata__: {title: '\u001B[2Jgone\nnext', 'modelspec.thumbnail': `data:image/jpeg;base64,${'A'.repeat(8000)}`}}));
		const length = Buffer.alloc(8);
		length.writeBigUInt64LE(BigInt(header.length));
		fs.writeFileSync(path.join(folder, 'rude.safetensors'), Buffer.concat([length, header]));
		const {out} = await dreambooth('show', 'rude.safetensors');
		expect(out).toMatch(/title +\[2Jgone next\n/);
		expect(out).toContain('a picture (jpeg, 7 kB)');
		expect(out).not.toContain('\u001B');
	});

	test('refuses what it cannot open: what, and what to do', async () => {
		fs.writeFileSync(path.join(folder, 'old.ckpt'), Buffer.from('504b0304000008080000', 'hex'));
		const {code, out, err} = await dreambooth('show', 'old.ckpt');
		expect([code, out]).toEqual([1, '']);
		expect(err).toMatch(/error: old\.ckpt is a Python pickle\.[^]*What to do: If you trust its source/);
	});
});

describe('dreambooth convert', () => {
	test('writes a model as one file, says its hashes, and overwrites nothing', async () => {
		const {code, out, err} = await dreambooth('convert', 'demo', 'demo.safetensors', '--precision', 'bf16');
		expect([code, err]).toEqual([0, '']);
		expect(out).toMatch(/demo\.safetensors\nsingle file, BF16\nsha256 [0-9a-f]{64}\nAutoV2 [0-9a-f]{10}\n$/);
		const before = fs.readFileSync(path.join(folder, 'demo.safetensors'));
		const again = await dreambooth('convert', kohya, 'demo.safetensors');
		expect(again.code).toBe(1);
		expect(again.err).toMatch(/demo\.safetensors exists already and is not overwritten\.\nWhat to do: Give another name, such as .*demo-2\.safetensors\./);
		expect(fs.readFileSync(path.join(folder, 'demo.safetensors')).equals(before)).toBe(true);
	});

	test('changes the names of a LoRA', async () => {
		const {code, out} = await dreambooth('convert', kohya, 'lora.safetensors', '--json');
		expect(code).toBe(0);
		expect(JSON.parse(out)).toMatchObject({written: path.join(folder, 'lora.safetensors'), form: 'LoRA in diffusers\' names', dtypes: ['F16'], hashes: {autoV3: expect.stringMatching(/^[0-9a-f]{12}$/)}});
	});

	test('says what became infinite, and ends with a code that is not 0', async () => {
		const {code} = await dreambooth('convert', 'demo', 'wide', '--precision', 'f32');
		expect(code).toBe(0);
		const file = path.join(folder, 'wide/vae/diffusion_pytorch_model.safetensors');
		const bytes = fs.readFileSync(file);
		new DataView(bytes.buffer, bytes.byteOffset).setFloat32(bytes.length - 4, 1e6, true);
		fs.writeFileSync(file, bytes);
		const narrow = await dreambooth('convert', 'wide', 'narrow.safetensors', '--precision', 'f16');
		expect(narrow.code).toBe(1);
		expect(narrow.err).toMatch(/^warning: Numbers too large for F16 became infinite, in 1 tensors: first_stage_model\.\S+ \(1\)\. Convert with --precision f32 or bf16\.\n$/);
	});
});
