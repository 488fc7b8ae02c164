import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {resolveBaseModel} from '../../src/presets/index.ts';
import {adaptersOfFile} from '../../src/train/lora.ts';
import {mergeModels, type Merge} from '../../src/train/merge.ts';
import {normals} from '../../src/train/random.ts';
import {openModelFolder, openSafetensors, openSingleFile} from '../../src/train/weights/index.ts';
import type {StableDiffusion} from '../../src/train/stable-diffusion.ts';
import {closeModels, demoModel} from './demo-model.ts';
import {demoLoraFile} from './lora-file.ts';
import {changed, newFolder, removeFolders, tensorsOf} from './training-run.ts';

const demo = {baseModel: 'demo'};
const assetFolder = resolveBaseModel('demo');
const files = {unet: 'unet/diffusion_pytorch_model.safetensors', textEncoder: 'text_encoder/model.safetensors', vae: 'vae/diffusion_pytorch_model.safetensors'} as const;

let folder: string;
let lora: string;
/** The demo's model, changed. */
let other: string;
let count = 0;
beforeAll(async () => {
	folder = newFolder();
	lora = await demoLoraFile(folder);
	other = (await merge({loras: [{file: await demoLoraFile(folder, {name: 'other', seed: 1}), strength: 1}]})).target;
});
afterAll(async () => {
	await closeModels();
	removeFolders();
});

async function merge({form = '', ...what}: Partial<Merge> & {form?: '' | '.safetensors'}) {
	const target = path.join(folder, `result-${count++}${form}`);
	return {target, ...(await mergeModels({model: demo, loras: [], target, ...what}))};
}

/** What the networks compute: text states of a prompt and the UNet's output on noise. */
function computed(model: StableDiffusion): Float32Array[] {
	const states = model.encodePrompts(['a photo of sks robot']);
	const options = {count: 1, height: 8, width: 8, guidance: 1};
	return [states, model.predict(normals(8 * 8 * 4, {seed: 3, stream: 'test'}), 500, {negative: states, positive: states}, options)];
}

const relative = (a: Float32Array, b: Float32Array) => Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / b.reduce((sum, value) => sum + value ** 2, 0));

describe('a LoRA merged into a model', () => {
	it.each(['kohya', 'diffusers'] as const)('computes what the model computes with the LoRA beside it: attention, convolutions, text encoder, alpha, strength (%s)', async layout => {
		const file = await demoLoraFile(folder, {layout, name: layout});
		const {target, modules} = await merge({loras: [{file, strength: 0.7}], dtype: 'F32'});
		const [beside, merged, base] = [await demoModel({adapters: adaptersOfFile(file, {strength: 0.7})}), await demoModel({}, {baseModel: target}), await demoModel()].map(computed);
		for (const [i, values] of merged.entries()) {
			expect(relative(values, beside[i])).toBeLessThan(1e-5);
			expect(relative(values, base[i])).toBeGreaterThan(1e-3);
		}
		const names = [...(await tensorsOf(file)).keys()];
		expect(modules).toEqual([names.filter(name => /lora_(down|A)\.weight$/.test(name)).length]);
	});

	it('at strength 0 is the model, to the bit, as a folder and as a single file', async () => {
		const none = [{file: lora, strength: 0}];
		const {target} = await merge({loras: none});
		for (const file of Object.values(files)) expect(readFileSync(path.join(target, file)).equals(readFileSync(path.join(assetFolder, file)))).toBe(true);
		const single = await merge({loras: none, form: '.safetensors'});
		expect(single.dtype).toBe('F16');
		const base = await openModelFolder(assetFolder);
		const written = await openSingleFile(single.target, base);
		for (const network of ['unet', 'textEncoder'] as const) {
			for (const name of base[network].tensors.keys()) expect(Buffer.compare(await written[network].readBytes(name), await base[network].readBytes(name)), name).toBe(0);
		}
		await written.close();
		await base.close();
	});

	it('and taken out again with the opposite strength leaves the model as it was, as far as f32 goes', async () => {
		const {target} = await merge({loras: [{file: lora, strength: 1}, {file: lora, strength: -1}], dtype: 'F32'});
		const [a, b] = [await tensorsOf(path.join(target, files.unet)), await tensorsOf(path.join(assetFolder, files.unet))];
		for (const [name, values] of b) expect(values.every((value, i) => Math.abs(value - a.get(name)![i]) < 1e-6)).toBe(true);
	});

	it('is written in the asked-for type, with what it is in its metadata', async () => {
		const {target, dtype} = await merge({loras: [{file: lora, strength: 1}], dtype: 'BF16', form: '.safetensors'});
		const file = await openSafetensors(target);
		expect(dtype).toBe('BF16');
		expect(new Set([...file.tensors].filter(([name]) => !name.endsWith('position_ids')).map(([, tensor]) => tensor.dtype))).toEqual(new Set(['BF16']));
		expect(file.metadata.get('modelspec.title')).toBe(path.basename(target, '.safetensors'));
		await file.close();
	});

	it('is refused for another kind of model, and where something is already', async () => {
		const foreign = path.join(folder, 'foreign.safetensors');
		const {writeLora} = await import('../../src/train/weights/index.ts');
		await writeLora(foreign, 'kohya', [{network: 'unet', path: 'conv_in', rank: 1, alpha: 1, down: {shape: [1, 5], read: () => new Float32Array(5)}, up: {shape: [4, 1], read: () => new Float32Array(4)}}], {dtype: 'F32'});
		await expect(merge({loras: [{file: foreign, strength: 1}]})).rejects.toThrow(/foreign\.safetensors: the adapter of conv_in has the shapes/);
		await expect(mergeModels({model: demo, loras: [{file: lora, strength: 1}], target: other})).rejects.toThrow(/exists already/);
		expect(existsSync(path.join(other, files.unet))).toBe(true);
	});
});

describe('two models mixed', () => {
	const mixed = async (weight: number) => merge({other: {model: {baseModel: other}, weight}, dtype: 'F32'});

	it('have the weights in between, and those that are the same stay to the bit', async () => {
		const {target} = await mixed(0.3);
		for (const network of ['unet', 'textEncoder', 'vae'] as const) {
			const [a, b, result] = await Promise.all([assetFolder, other, target].map(model => tensorsOf(path.join(model, files[network]))));
			for (const [name, values] of result) {
				const [one, two] = [a.get(name)!, b.get(name)!];
				expect(values.every((value, i) => (one[i] === two[i] ? value === one[i] : Math.abs(value - (0.7 * one[i] + 0.3 * two[i])) <= 1e-6)), name).toBe(true);
			}
			if (network !== 'vae') expect(changed(result, a).length).toBeGreaterThan(10);
		}
	});

	it('at weight 0 and 1 are one of the two, to the bit', async () => {
		for (const [weight, model] of [[0, assetFolder], [1, other]] as const) {
			const {target} = await mixed(weight);
			for (const file of Object.values(files)) expect(changed(await tensorsOf(path.join(target, file)), await tensorsOf(path.join(model, file)))).toEqual([]);
		}
	});

	it('must be of one kind', async () => {
		await expect(merge({other: {model: {baseModel: path.join(import.meta.dirname, '../fixtures/formats/pipeline')}, weight: 0.5}})).rejects.toThrow(/do not have the same structure: \d+ tensors differ\.\n {2}\S+: \[.*\] and /);
		await expect(merge({other: {model: {baseModel: 'demo', prediction: 'v_prediction'}, weight: 0.5}})).rejects.toThrow(/do not predict the same: epsilon and v_prediction/);
	});
});
