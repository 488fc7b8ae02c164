import {cp, chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {
	checkWeights,
	openModelFolder,
	openSafetensors,
	openSingleFile,
	modelSpec,
	writeModelFolder,
	writeSafetensors,
	writeSingleFile,
	WeightsError,
	type ModelFolder,
	type SafetensorsFile,
} from '../../../src/train/weights/index.ts';

const fixtures = new URL('../../fixtures', import.meta.url).pathname;

let folder: string;
let base: string;
beforeEach(async () => {
	folder = await mkdtemp(path.join(os.tmpdir(), 'model-'));
	base = path.join(folder, 'base');
});
afterEach(() => rm(folder, {recursive: true}));

/** A whole model of fixture parts, writable. */
async function makeBase(parts: {unet: string; vae: string; text_encoder: string}): Promise<void> {
	await cp(path.join(fixtures, 'formats', 'pipeline'), base, {recursive: true});
	for (const [name, from] of Object.entries(parts)) {
		for (const file of await readdir(path.join(fixtures, from))) {
			if (file.startsWith('cases') || file.startsWith('gradients')) continue;
			await cp(path.join(fixtures, from, file), path.join(base, name, file), {force: true});
		}
	}
	for (const file of await readdir(base, {recursive: true})) await chmod(path.join(base, file), 0o755);
}

const pipeline = () => makeBase({unet: 'formats/pipeline/unet', vae: 'formats/pipeline/vae', text_encoder: 'formats/pipeline/text_encoder'});

async function withModel<T>(use: (model: ModelFolder) => Promise<T>): Promise<T> {
	const model = await openModelFolder(base);
	try {
		return await use(model);
	} finally {
		await model.close();
	}
}

async function editJson(file: string, edit: (json: Record<string, unknown>) => void): Promise<void> {
	const json = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
	edit(json);
	await writeFile(file, JSON.stringify(json));
}

/** Writes a file's tensors again, some under other names or as another part. */
async function rewrite(file: string, target: string, rename: (name: string) => string | undefined, metadata: Record<string, string> = {}): Promise<void> {
	const opened = await openSafetensors(file);
	const entries = [...opened.tensors].flatMap(([name, {dtype, shape}]) => {
		const now = rename(name);
		return now === undefined ? [] : [{name: now, dtype, shape, bytes: () => opened.readBytes(name)}];
	});
	await writeSafetensors(target, entries, metadata);
	await opened.close();
}

async function values(file: SafetensorsFile, name: string): Promise<number[]> {
	return [...(await file.readFloat32(name))];
}

test('a folder is opened with nested text encoder names, and without position ids', async () => {
	await makeBase({unet: 'unet-sd1', vae: 'vae', text_encoder: 'clip-quick-gelu'});
	await withModel(async model => {
		expect(model.textEncoder.tensors.has('text_model.embeddings.token_embedding.weight')).toBe(true);
		expect([...model.textEncoder.tensors.keys()].filter(name => name.includes('position_ids'))).toEqual([]);
		expect(model.warnings).toEqual([]);
		expect(model.tokenizerFolder).toBe(path.join(base, 'tokenizer'));
	});
	await pipeline();
	await withModel(async model => expect(model.textEncoder.tensors.has('text_model.embeddings.token_embedding.weight')).toBe(true));
});

test('shards are read as one file', async () => {
	await pipeline();
	const whole = path.join(base, 'unet/diffusion_pytorch_model.safetensors');
	const expected = await withModel(model => values(model.unet, 'conv_in.weight'));
	const parts = ['diffusion_pytorch_model-00001-of-00002.safetensors', 'diffusion_pytorch_model-00002-of-00002.safetensors'];
	await rewrite(whole, path.join(base, 'unet', parts[0]), name => (name.startsWith('conv_in') ? name : undefined));
	await rewrite(whole, path.join(base, 'unet', parts[1]), name => (name.startsWith('conv_in') ? undefined : name));
	await rm(whole);
	const index = `${whole}.index.json`;
	await writeFile(index, JSON.stringify({metadata: {}, weight_map: {'conv_in.weight': parts[0], 'conv_out.weight': parts[1]}}));
	await withModel(async model => {
		expect(model.unet.tensors.size).toBe(686);
		expect(await values(model.unet, 'conv_in.weight')).toEqual(expected);
	});
	await writeFile(index, JSON.stringify({weight_map: {'conv_in.weight': '../../outside.safetensors'}}));
	await expect(openModelFolder(base)).rejects.toThrow('weight_map does not name files beside it');
});

test('half-precision weights are taken with a warning, full ones first', async () => {
	await pipeline();
	const full = path.join(base, 'vae/diffusion_pytorch_model.safetensors');
	const half = path.join(base, 'vae/diffusion_pytorch_model.fp16.safetensors');
	await cp(full, half);
	await withModel(async model => expect(model.warnings).toEqual([]));
	await rm(full);
	await withModel(async model => {
		expect(model.warnings).toHaveLength(1);
		expect(model.warnings[0]).toContain(half);
		await writeModelFolder(path.join(folder, 'out'), model, {}, {dtype: 'F16'});
	});
	expect(await readdir(path.join(folder, 'out/vae'))).toEqual(['config.json', 'diffusion_pytorch_model.safetensors']);
});

test('a folder with only a pickle is refused with the reason', async () => {
	await pipeline();
	await rename(path.join(base, 'unet/diffusion_pytorch_model.safetensors'), path.join(base, 'unet/diffusion_pytorch_model.bin'));
	await expect(openModelFolder(base)).rejects.toThrow(/unet\/diffusion_pytorch_model\.bin is a Python pickle/);
});

test.each([
	['a missing folder', async () => {}, /Cannot open the base model .*base: it does not exist/],
	['an empty folder', () => mkdir(base), /is not a diffusers model folder: it has no model_index\.json/],
	['a text file', () => writeFile(base, 'hello, this is text'), /base is not a valid safetensors file/],
	['a checkpoint', () => writeFile(base, Buffer.from('504b0304000008080000', 'hex')), /base is a Python pickle/],
])('%s is refused as a base model', async (_, make, message) => {
	await make();
	await expect(openModelFolder(base)).rejects.toThrow(message);
	await expect(openModelFolder(base)).rejects.toThrow(WeightsError);
});

test('a pipeline of another kind is refused by name', async () => {
	await pipeline();
	await editJson(path.join(base, 'model_index.json'), index => {
		index._class_name = 'StableDiffusionXLPipeline';
		index.text_encoder = ['transformers', 'T5EncoderModel'];
	});
	await expect(openModelFolder(base)).rejects.toThrow(/_class_name is "StableDiffusionXLPipeline"; supported: "StableDiffusionPipeline"[^]*text_encoder is "T5EncoderModel"/);
});

test('networks that do not fit each other are refused', async () => {
	await pipeline();
	await editJson(path.join(base, 'unet/config.json'), config => (config.cross_attention_dim = 40));
	await expect(openModelFolder(base)).rejects.toThrow('the UNet takes text states of width 40 (cross_attention_dim), the text encoder gives 16 (hidden_size)');
});

test('a config that is cut off is named', async () => {
	await pipeline();
	await writeFile(path.join(base, 'vae/config.json'), '{"in_channels": 3');
	await expect(openModelFolder(base)).rejects.toThrow(/vae\/config\.json is not valid JSON/);
});

test('missing and misshapen tensors are listed with what was expected and found', async () => {
	await pipeline();
	await withModel(async model => {
		const right = new Map([...model.unet.tensors].map(([name, {shape}]) => [name, shape]));
		expect(checkWeights(model.unet, right)).toEqual([]);
		const first = new Map([...right].slice(0, 3));
		expect(checkWeights(model.unet, first)).toHaveLength(683);
		const wrong = new Map<string, readonly number[]>([...right, ['conv_in.weight', [320, 4, 3, 3]], ['conv_in.gain', [4]]]);
		expect(() => checkWeights(model.unet, wrong)).toThrow(
			/unet\/diffusion_pytorch_model\.safetensors does not fit its config\.json: 2 tensors are missing or misshapen:\n {2}conv_in\.weight: expected \[320, 4, 3, 3\], found \[4, 4, 3, 3\]\n {2}conv_in\.gain: expected \[4\], found nothing$/,
		);
		const all = new Map([...right.keys()].map(name => [name, [1, 2, 3]]));
		expect(() => checkWeights(model.unet, all)).toThrow(/686 tensors are missing[^]*\.\.\. and 678 more/);
	});
});

test('a saved folder has the trained tensors, the rest as it was, and files it does not understand', async () => {
	await pipeline();
	await mkdir(path.join(base, 'extras'));
	await writeFile(path.join(base, 'extras/notes.txt'), 'carried over');
	await symlink(path.join(base, 'extras/notes.txt'), path.join(base, 'README.md'));
	await writeFile(path.join(base, 'old-model.ckpt'), 'not carried over');
	await writeFile(path.join(base, 'unet/diffusion_pytorch_model.bin'), 'the old weights');
	const out = path.join(folder, 'out');
	await withModel(async model => {
		const trained = [
			{name: 'conv_in.bias', shape: [4], read: () => Float32Array.of(1, 2, 3, 4)},
			{name: 'conv_out.bias', shape: [4], read: async () => Float32Array.of(5, 6, 1e6, 7)},
		];
		const report = await writeModelFolder(out, model, {unet: trained}, {dtype: 'F16'});
		expect(report.overflows).toEqual([{name: 'conv_out.bias', count: 1}]);
		const saved = await openModelFolder(out);
		expect(await values(saved.unet, 'conv_in.bias')).toEqual([1, 2, 3, 4]);
		expect(await values(saved.unet, 'conv_out.bias')).toEqual([5, 6, Infinity, 7]);
		expect(await values(saved.unet, 'conv_in.weight')).toEqual(await values(model.unet, 'conv_in.weight'));
		expect([...saved.unet.tensors.keys()].sort()).toEqual([...model.unet.tensors.keys()].sort());
		expect(saved.unet.get('conv_in.weight').dtype).toBe('F16');
		expect(saved.unet.metadata.get('format')).toBe('pt');
		expect([...saved.textEncoder.tensors.keys()].every(name => name.startsWith('text_model.'))).toBe(true);
		expect(saved.toNormalize.size).toBe(0);
		await saved.close();
	});
	for (const file of ['vae/diffusion_pytorch_model.safetensors', 'model_index.json', 'tokenizer/merges.txt', 'unet/config.json']) {
		expect(await readFile(path.join(out, file))).toEqual(await readFile(path.join(base, file)));
	}
	expect(await readFile(path.join(out, 'README.md'), 'utf8')).toBe('carried over');
	expect(await readFile(path.join(out, 'extras/notes.txt'), 'utf8')).toBe('carried over');
	expect(await readdir(path.join(out, 'unet'))).toEqual(['config.json', 'diffusion_pytorch_model.safetensors']);
	expect(await readdir(out)).not.toContain('old-model.ckpt');
	expect((await readdir(folder)).sort()).toEqual(['base', 'out']);
});

test('a trained text encoder is saved in the type that its config names', async () => {
	await pipeline();
	const out = path.join(folder, 'out');
	await withModel(model => writeModelFolder(out, model, {textEncoder: []}, {dtype: 'F16'}));
	const saved = await readFile(path.join(out, 'text_encoder/config.json'), 'utf8');
	expect(JSON.parse(saved)).toMatchObject({dtype: 'float16', vocab_size: 814});
	// transformers 5 refuses 1 where it expects 1.0, so what was not changed is written as it was.
	const original = await readFile(path.join(base, 'text_encoder/config.json'), 'utf8');
	expect(original).toMatch(/: \d+\.0,/);
	expect(saved.split('\n').filter(line => !original.split('\n').includes(line))).toEqual(['  "dtype": "float16",']);
});

test('a model that exists is not overwritten unless asked', async () => {
	await pipeline();
	const out = path.join(folder, 'out');
	await mkdir(out);
	await writeFile(path.join(out, 'precious'), '');
	await withModel(async model => {
		await expect(writeModelFolder(out, model, {}, {dtype: 'F16'})).rejects.toThrow(`${out} exists already and is not overwritten`);
		await expect(writeSingleFile(path.join(out, 'precious'), model, {dtype: 'F16'})).rejects.toThrow('exists already and is not overwritten');
		expect(await readdir(out)).toEqual(['precious']);
		await writeModelFolder(out, model, {}, {dtype: 'F16', existing: 'replace'});
	});
	expect(await readdir(out)).not.toContain('precious');
	expect((await readdir(folder)).sort()).toEqual(['base', 'out']);
});

test('a save that fails leaves nothing behind', async () => {
	await pipeline();
	const out = path.join(folder, 'out');
	await withModel(async model => {
		const wrong = {name: 'conv_in.bias', shape: [5], read: () => new Float32Array(5)};
		await expect(writeModelFolder(out, model, {unet: [wrong]}, {dtype: 'F16'})).rejects.toThrow('conv_in.bias was trained with shape [5]');
		const unreadable = {
			name: 'conv_in.bias',
			shape: [4],
			read: () => {
				throw new Error('device lost');
			},
		};
		await expect(writeModelFolder(out, model, {unet: [unreadable]}, {dtype: 'F16'})).rejects.toThrow('device lost');
		await expect(writeModelFolder(path.join(base, 'inside'), model, {}, {dtype: 'F16'})).rejects.toThrow('lies inside the model it is made from');
	});
	expect(await readdir(folder)).toEqual(['base']);
});

test('an SD 2 model becomes a single file with OpenCLIP’s names, and comes back', async () => {
	await makeBase({unet: 'unet-sd2', vae: 'vae-old-keys', text_encoder: 'clip-gelu'});
	const file = path.join(folder, 'sd2.safetensors');
	await withModel(async model => {
		await writeSingleFile(file, model, {dtype: 'F32'});
		const single = await openSafetensors(file);
		const te = (name: string) => `cond_stage_model.model.${name}`;
		const read = (name: string) => values(single, te(name));
		const source = (name: string) => values(model.textEncoder, `text_model.encoder.layers.${name}`);
		const fused = await read('transformer.resblocks.1.attn.in_proj_weight');
		expect(single.get(te('transformer.resblocks.1.attn.in_proj_weight')).shape).toEqual([120, 40]);
		expect(fused).toEqual((await Promise.all(['q', 'k', 'v'].map(part => source(`1.self_attn.${part}_proj.weight`)))).flat());
		expect(await read('transformer.resblocks.2.mlp.c_fc.bias')).toEqual(await source('2.mlp.fc1.bias'));
		expect(await read('transformer.resblocks.3.mlp.c_fc.bias')).toEqual(await source('2.mlp.fc1.bias'));
		expect(await read('positional_embedding')).toEqual(await values(model.textEncoder, 'text_model.embeddings.position_embedding.weight'));
		expect(single.get(te('text_projection')).shape).toEqual([40, 40]);
		expect(await read('logit_scale')).toEqual([1]);
		expect([...single.tensors.keys()].filter(name => name.startsWith('cond_stage_model'))).toHaveLength(4 + 2 + 4 * 12);
		expect(single.get('first_stage_model.encoder.mid.attn_1.q.weight').shape).toEqual([16, 16, 1, 1]);
		await single.close();

		const back = await openSingleFile(file, model);
		for (const network of ['unet', 'vae', 'textEncoder'] as const) {
			expect(back[network].tensors.size).toBe(model[network].tensors.size);
			for (const name of model[network].tensors.keys()) expect(await values(back[network], name)).toEqual(await values(model[network], name));
		}
		await back.close();
	});
});

test('the rules hold for other numbers of levels and layers', async () => {
	await makeBase({unet: 'unet-tiny', vae: 'vae-small-variance', text_encoder: 'formats/pipeline/text_encoder'});
	await editJson(path.join(base, 'unet/config.json'), config => (config.cross_attention_dim = 16));
	const file = path.join(folder, 'tiny.safetensors');
	await withModel(model => writeSingleFile(file, model, {dtype: 'F16', metadata: {'modelspec.title': 'tiny'}}));
	const single = await openSafetensors(file);
	const names = [...single.tensors.keys()].map(name => name.replace('model.diffusion_model.', ''));
	// Two levels of one layer: places 0 (conv_in), 1, 2 (downsampler), 3 on the way down, 0 ... 3 on the way up.
	const blocks = new Set(names.flatMap(name => /^(input|output)_blocks\.\d+\.\d/.exec(name)?.[0] ?? []));
	expect([...blocks].sort()).toEqual([
		'input_blocks.0.0',
		'input_blocks.1.0',
		'input_blocks.1.1',
		'input_blocks.2.0',
		'input_blocks.3.0',
		'output_blocks.0.0',
		'output_blocks.1.0',
		'output_blocks.1.1',
		'output_blocks.2.0',
		'output_blocks.2.1',
		'output_blocks.3.0',
		'output_blocks.3.1',
	]);
	expect(names).toContain('output_blocks.1.1.conv.weight');
	expect(single.metadata.get('modelspec.title')).toBe('tiny');
	await single.close();
});

test('a single file of another structure is refused with the missing tensors', async () => {
	await pipeline();
	const file = path.join(folder, 'cut.safetensors');
	await rewrite(path.join(fixtures, 'formats/single-file.safetensors'), file, name => (name.endsWith('time_embed.0.bias') ? undefined : name));
	await withModel(async model => {
		await expect(openSingleFile(file, model)).rejects.toThrow(/1 tensor is missing or misshapen:\n {2}model\.diffusion_model\.time_embed\.0\.bias: expected \[16\], found nothing/);
	});
});

test('the metadata names architecture and prediction type', () => {
	const about = {title: 'My dog', resolution: 512, date: new Date(0)};
	const first = modelSpec({...about, textEncoderConfig: {hiddenAct: 'quick_gelu'}, schedulerConfig: {predictionType: 'epsilon'}, triggerPhrase: 'sks dog'});
	expect(first).toMatchObject({
		'modelspec.architecture': 'stable-diffusion-v1',
		'modelspec.title': 'My dog',
		'modelspec.resolution': '512x512',
		'modelspec.date': '1970-01-01T00:00:00.000Z',
		'modelspec.prediction_type': 'epsilon',
		'modelspec.trigger_phrase': 'sks dog',
	});
	const second = modelSpec({...about, textEncoderConfig: {hiddenAct: 'gelu'}, schedulerConfig: {predictionType: 'v_prediction'}});
	expect(second).toMatchObject({'modelspec.architecture': 'stable-diffusion-v2-768-v', 'modelspec.prediction_type': 'v'});
});
