import path from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {resolveBaseModel} from '../../src/presets/index.ts';
import {networkScope} from '../../src/train/adapters.ts';
import {compile, dtypeOf, FLOAT32, readVariable} from '../../src/train/graph/index.ts';
import {unet} from '../../src/train/models/index.ts';
import {normals} from '../../src/train/random.ts';
import type {StableDiffusion} from '../../src/train/stable-diffusion.ts';
import {frozenNetworks} from '../../src/train/trained-state.ts';
import {relativeL2} from '../golden/check.ts';
import {demoModel} from './demo-model.ts';
import {changed, difference, removeFolders, smallConfig, tensorsOf, trainingRun} from './training-run.ts';

const all = ['unet', 'textEncoder', 'vae'] as const;
const side = 8;
const drawn = (stream: string, size: number) => normals(size, {seed: 4, stream});

/** What each network computes. */
function outputs(model: StableDiffusion) {
	const states = drawn('states', 77 * model.contextWidth);
	return {
		unet: model.predict(drawn('latents', side * side * 4), 500, {negative: states, positive: states.map(value => -value)}, {count: 1, height: side, width: side, guidance: 3}),
		textEncoder: model.encodePrompts(['a photo of sks robot']),
		encoder: model.encodeImages(drawn('image', 32 * 32 * 3), {count: 1, height: 32, width: 32}),
		decoder: model.decodeLatents(drawn('latents', side * side * 4), {count: 1, height: side, width: side}),
	};
}

describe.each(['bf16', 'f16'] as const)('networks that are only used, held in %s', precision => {
	let [half, wide]: StableDiffusion[] = [];
	beforeAll(async () => {
		[half, wide] = [await demoModel({precision, frozenNetworks: all}), await demoModel({precision})];
	});
	afterAll(() => {
		for (const model of [half, wide]) for (const network of all) model[network].dispose();
	});

	it('take half the memory; only normalizations stay in f32', () => {
		for (const network of all) {
			const blocks = half[network].blocks.map(({variable: {dtype}, members}) => ({dtype, size: members.reduce((sum, {size}) => sum + size, 0), names: members.map(({declaration}) => declaration.name)}));
			expect(new Set(blocks.map(({dtype}) => dtype))).toEqual(new Set([dtypeOf[precision], FLOAT32]));
			const inF32 = blocks.filter(({dtype}) => dtype === FLOAT32);
			expect(inF32.flatMap(({names}) => names).filter(name => !/norm/.test(name))).toEqual([]);
			expect(blocks.filter(({dtype}) => dtype !== FLOAT32).flatMap(({names}) => names).filter(name => /norm/.test(name))).toEqual([]);
			expect(inF32.reduce((sum, {size}) => sum + size, 0) / half[network].size).toBeLessThan(0.02);
		}
	});

	it('compute what they compute from f32, to the bit, as the arithmetic rounds their weights to the same halves; of the text encoder, the table of tokens is rounded', () => {
		const [narrow, exact] = [outputs(half), outputs(wide)];
		for (const network of ['unet', 'encoder', 'decoder'] as const) expect(Buffer.from(narrow[network].buffer).equals(Buffer.from(exact[network].buffer))).toBe(true);
		expect(relativeL2(narrow.textEncoder, exact.textEncoder)).toBeLessThan(precision === 'bf16' ? 1e-2 : 1e-3);
	});

	it('are never widened: a function has no cast of a weight', () => {
		const operations = (model: StableDiffusion) => {
			const function_ = compile('widening', ({sample, timesteps, context}, state) => ({y: unet(model.folder.unetConfig)(networkScope(model.network('unet'), state).scope, {sample, timesteps, context})}), {
				sample: {shape: [1, side, side, 4], dtype: 'float32'}, timesteps: {shape: [1], dtype: 'float32'}, context: {shape: [1, 77, model.contextWidth], dtype: 'float32'},
			}, {mode: 'graph', precision});
			function_.dispose();
			return function_.operations;
		};
		const rounded = wide.unet.names.filter(name => !/norm/.test(name)).length;
		// What is packed lies in one variable more.
		const extra = 6;
		expect(operations(wide) - operations(half)).toBeGreaterThan(rounded - extra);
	});
});

it('a network that rests is read and used as before', async () => {
	const model = await demoModel({precision: 'bf16', frozenNetworks: all});
	const before = outputs(model);
	const stored = () => Object.fromEntries(all.map(network => [network, model[network].stored().filter((_, i) => i % 20 === 0).map(tensor => tensor.read())]));
	const kept = stored();
	for (const _ of [1, 2]) {
		model.rest(['textEncoder', 'vae']);
		expect(outputs(model)).toEqual(before);
		model.rest(all);
		expect(stored()).toEqual(kept);
	}
	model.rest(['vae']);
	expect(() => readVariable(model.vae.blocks[0].variable)).toThrow();
	await model.vae.restore({readFloat32: name => new Float32Array(model.vae.declarations.find(declaration => declaration.name === name)!.shape.reduce((product, n) => product * n, 1))});
	model.rest(['vae']);
	expect(model.decodeLatents(drawn('latents', side * side * 4), {count: 1, height: side, width: side})).toSatisfy((image: Float32Array) => image.every(value => value === 0));
	for (const network of all) model[network].dispose();
});

it('networks of a run in f32 stay as they are', async () => {
	const model = await demoModel({frozenNetworks: all});
	expect(new Set(all.flatMap(network => model[network].blocks.map(({variable}) => variable.dtype)))).toEqual(new Set([FLOAT32]));
	for (const network of all) model[network].dispose();
});

it('all but what a run trains is only used', () => {
	expect(frozenNetworks({training: 'full', trainUnet: true, trainTextEncoder: false})).toEqual(['textEncoder', 'vae']);
	expect(frozenNetworks({training: 'full', trainUnet: true, trainTextEncoder: true})).toEqual(['vae']);
	expect(frozenNetworks({training: 'full', trainUnet: false, trainTextEncoder: true})).toEqual(['unet', 'vae']);
	expect(frozenNetworks({training: 'lora', trainUnet: true, trainTextEncoder: false})).toEqual([...all]);
});

describe('a LoRA over halves', () => {
	afterAll(removeFolders);

	it('learns what it learns over f32, and is worked into the exact weights of the base model', async () => {
		const config = smallConfig({name: 'toy', training: 'lora', loraLearningRate: 1e-3, loraTextEncoderLearningRate: 5e-4, mergeLora: true});
		const [wide, half] = [await trainingRun(config), await trainingRun({...config, precision: 'bf16'})];
		const [start, exact, learned] = [await wide.tensors(1, 'unet.lora.safetensors'), await wide.tensors(3, 'unet.lora.safetensors'), await half.tensors(3, 'unet.lora.safetensors')];
		expect(difference(learned, exact, start)).toBeLessThan(0.4);
		const base = await tensorsOf(path.join(resolveBaseModel('demo'), 'unet/diffusion_pytorch_model.safetensors'));
		const merged = await tensorsOf(path.join(half.folder, 'output/toy_merged/unet/diffusion_pytorch_model.safetensors'));
		const worked = changed(merged, base);
		expect(worked.length).toBeGreaterThan(0);
		expect(worked.filter(name => !/(to_(q|k|v|out\.0)|proj_(in|out)|ff\.net\.(0\.proj|2))\.weight$/.test(name))).toEqual([]);
	});
});
