import {cp, mkdtemp, readdir, rename, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {openModelFiles} from '../../../src/train/model-files.ts';
import {openModelFolder, openSafetensors, writeSafetensors, writeSingleFile, type ModelFolder, type TensorToWrite} from '../../../src/train/weights/index.ts';

const fixtures = new URL('../../fixtures', import.meta.url).pathname;
const pipeline = path.join(fixtures, 'formats/pipeline');
const single = path.join(fixtures, 'formats/single-file.safetensors');

let folder: string;
const opened: {close(): Promise<void>}[] = [];
beforeEach(async () => {
	folder = await mkdtemp(path.join(os.tmpdir(), 'single-'));
});
afterEach(async () => {
	for (const each of opened.splice(0)) await each.close();
	await rm(folder, {recursive: true});
});

const keep = <T extends {close(): Promise<void>}>(file: T): T => {
	opened.push(file);
	return file;
};
const open = async (baseModel: string, changes: {vae?: string; ema?: boolean; like?: string} = {}): Promise<ModelFolder> =>
	keep(await openModelFiles({baseModel, ...changes}, path.join(folder, 'structures')));

/** A file's tensors again, with others beside them or some under other names. */
async function rewrite(source: string, change: (name: string) => string | undefined, more: readonly TensorToWrite[] = []): Promise<string> {
	const file = keep(await openSafetensors(source));
	const entries = [...file.tensors].flatMap(([name, {dtype, shape}]) => {
		const now = change(name);
		return now === undefined ? [] : [{name: now, dtype, shape, bytes: () => file.readBytes(name)}];
	});
	const target = path.join(folder, 'changed.safetensors');
	await writeSafetensors(target, [...entries, ...more]);
	return target;
}

const zeros = (name: string, shape: readonly number[]): TensorToWrite => ({name, dtype: 'F16', shape, bytes: () => new Uint8Array(2 * shape.reduce((a, b) => a * b, 1))});
const bias = 'model.diffusion_model.input_blocks.0.0.bias';

describe('a single file', () => {
	it('is opened without TensorFlow, with the configs of a model like it', async () => {
		const model = await open(single, {like: pipeline});
		const from = await open(pipeline);
		for (const network of ['unet', 'vae', 'textEncoder'] as const) expect([...model[network].tensors.keys()].sort()).toEqual([...from[network].tensors.keys()].sort());
		expect(await model.vae.readFloat32('quant_conv.bias')).toEqual(await from.vae.readFloat32('quant_conv.bias'));
	});

	it('gives the average of its weights when asked for, and says when it has none', async () => {
		const file = keep(await openSafetensors(single));
		const averages = [...file.tensors].filter(([name]) => name.startsWith('model.diffusion_model.')).map(([name, {shape}]) => zeros(`model_ema.diffusion_model${name.slice('model.diffusion_model.'.length).replaceAll('.', '')}`, shape));
		const both = await rewrite(single, name => name, [...averages, zeros('model_ema.decay', []), zeros('model_ema.num_updates', [])]);
		const usual = await open(both, {like: pipeline});
		const averaged = await open(both, {like: pipeline, ema: true});
		expect(await usual.unet.readFloat32('conv_in.bias')).toEqual(await file.readFloat32(bias));
		expect(new Set(await averaged.unet.readFloat32('conv_in.bias'))).toEqual(new Set([0]));
		expect(await averaged.vae.readFloat32('quant_conv.bias')).toEqual(await usual.vae.readFloat32('quant_conv.bias'));
		await expect(open(single, {like: pipeline, ema: true})).rejects.toThrow('has no average (EMA) of its weights');
		await expect(open(pipeline, {ema: true})).rejects.toThrow('is a folder, which has no average');
	});

	it('may be without an autoencoder where another one is given: a file in either layout, old names too, or a folder', async () => {
		const bare = await rewrite(single, name => (name.startsWith('first_stage_model.') ? undefined : name));
		await expect(open(bare, {like: pipeline})).rejects.toThrow('248 tensors are missing or misshapen');
		const old: Readonly<Record<string, string>> = {to_q: 'query', to_k: 'key', to_v: 'value', 'to_out.0': 'proj_attn'};
		const diffusers = path.join(pipeline, 'vae/diffusion_pytorch_model.safetensors');
		const renamed = path.join(folder, 'old-vae.safetensors');
		await cp(await rewrite(diffusers, name => name.replace(/(?<=attentions\.0\.)(to_[qkv]|to_out\.0)/, part => old[part])), renamed);
		const ldm = path.join(folder, 'vae.safetensors');
		await cp(await rewrite(single, name => (name.startsWith('first_stage_model.') ? name.replace('first_stage_model.', '') : undefined)), ldm);
		const again = await rewrite(single, name => (name.startsWith('first_stage_model.') ? undefined : name));
		const expected = await (await open(pipeline)).vae.readFloat32('encoder.mid_block.attentions.0.to_q.weight');
		for (const vae of [ldm, renamed, path.join(pipeline, 'vae'), pipeline, single]) {
			expect(await (await open(again, {like: pipeline, vae})).vae.readFloat32('encoder.mid_block.attentions.0.to_q.weight'), vae).toEqual(expected);
		}
	});

	it('keeps what OpenCLIP has beside the networks, and says that its schedule ends in pure noise', async () => {
		const base = path.join(folder, 'sd2');
		await cp(pipeline, base, {recursive: true});
		for (const [name, from] of [['unet', 'unet-sd2'], ['text_encoder', 'clip-gelu']]) {
			for (const file of await readdir(path.join(fixtures, from))) if (!/^(cases|gradients)/.test(file)) await cp(path.join(fixtures, from, file), path.join(base, name, file), {force: true});
		}
		const model = await open(base);
		const first = path.join(folder, 'first.safetensors');
		await writeSingleFile(first, {...model, schedulerConfig: {rescaleBetasZeroSnr: true}}, {dtype: 'F16'});
		const projection = 'cond_stage_model.model.text_projection';
		const changed = await rewrite(first, name => (name === projection ? undefined : name), [zeros(projection, [40, 40])]);
		const read = await open(changed, {like: base});
		expect(read.schedulerConfig.rescaleBetasZeroSnr).toBe(true);
		const second = path.join(folder, 'second.safetensors');
		await writeSingleFile(second, read, {dtype: 'F16'});
		const written = keep(await openSafetensors(second));
		expect(new Set(await written.readFloat32(projection))).toEqual(new Set([0]));
		expect([...written.tensors.keys()].sort()).toEqual([...keep(await openSafetensors(first)).tensors.keys()].sort());
	});
});

describe('the files of a network in a folder', () => {
	it('may be a variant, which is said', async () => {
		const base = path.join(folder, 'base');
		await cp(pipeline, base, {recursive: true});
		const at = (name: string) => path.join(base, 'unet', name);
		await rename(at('diffusion_pytorch_model.safetensors'), at('diffusion_pytorch_model.non_ema.safetensors'));
		expect((await open(base)).warnings).toEqual([`${at('diffusion_pytorch_model.non_ema.safetensors')}: these are weights without averaging; the usual ones (diffusion_pytorch_model.safetensors) are not there.`]);
		await cp(at('diffusion_pytorch_model.non_ema.safetensors'), at('diffusion_pytorch_model.fp16.safetensors'));
		expect((await open(base)).warnings[0]).toContain('half-precision weights');
	});

	it('may be shards of a variant', async () => {
		const base = path.join(folder, 'base');
		await cp(pipeline, base, {recursive: true});
		const at = (name: string) => path.join(base, 'unet', name);
		await rename(at('diffusion_pytorch_model.safetensors'), at('diffusion_pytorch_model.fp16-00001-of-00001.safetensors'));
		await writeFile(at('diffusion_pytorch_model.safetensors.index.fp16.json'), JSON.stringify({weight_map: {'conv_in.weight': 'diffusion_pytorch_model.fp16-00001-of-00001.safetensors'}}));
		const model = keep(await openModelFolder(base));
		expect(model.unet.tensors.size).toBe(686);
		expect(model.warnings[0]).toContain('half-precision weights');
	});
});
