import path from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {resolveBaseModel} from '../../src/presets/index.ts';
import type {Extraction, ExtractionReport} from '../../src/train/extract-messages.ts';
import {extractLora} from '../../src/train/extract.ts';
import {lowRank} from '../../src/train/low-rank.ts';
import {hostsOfModel, mergeModels} from '../../src/train/merge.ts';
import {normals} from '../../src/train/random.ts';
import {loadRuntime} from '../../src/train/runtime/index.ts';
import {openLora, openModelFolder, openSafetensors} from '../../src/train/weights/index.ts';
import {demoLoraFile} from './lora-file.ts';
import {difference, newFolder, removeFolders, tensorsOf} from './training-run.ts';

const demo = {baseModel: 'demo'};
const unet = 'unet/diffusion_pytorch_model.safetensors';
const text = 'text_encoder/model.safetensors';

let folder: string;
/** The demo's model with a LoRA of rank 4 worked in, in 32-bit floats. */
let tuned: string;
let count = 0;
beforeAll(async () => {
	folder = newFolder();
	tuned = path.join(folder, 'tuned');
	await mergeModels({model: demo, loras: [{file: await demoLoraFile(folder), strength: 1}], target: tuned, dtype: 'F32'});
});
afterAll(removeFolders);

async function extract(options: Partial<Extraction> = {}): Promise<ExtractionReport & {readonly target: string}> {
	const target = path.join(folder, `extracted-${count++}.safetensors`);
	let report: ExtractionReport | undefined;
	await extractLora({tuned: {baseModel: tuned}, base: demo, rank: 4, targets: 'all', target, dtype: 'F32', ...options}, progress => {
		if (progress.type === 'extracted') report = progress.report;
	});
	return {...report!, target};
}

describe('a LoRA of the difference of two models', () => {
	it('gives back the LoRA that the difference is', async () => {
		const {target, ...report} = await extract();
		expect(report).toMatchObject({autoencoderDiffers: false, overflows: 0, modules: (await modulesOf(path.join(folder, 'lora.safetensors'))).length});
		expect(report.kept).toBeGreaterThan(0.9999);
		expect(report.reached).toBeGreaterThan(0.9999);
		const again = path.join(folder, 'again');
		await mergeModels({model: demo, loras: [{file: target, strength: 1}], target: again, dtype: 'F32'});
		for (const file of [unet, text]) {
			const [result, wanted, base] = await Promise.all([again, tuned, resolveBaseModel('demo')].map(model => tensorsOf(path.join(model, file))));
			expect(difference(result, wanted, base)).toBeLessThan(1e-3);
		}
	});

	it('keeps less with a smaller rank, and says how much', async () => {
		const {target, kept} = await extract({rank: 2});
		expect(kept).toBeGreaterThan(0.5);
		expect(kept).toBeLessThan(0.9);
		expect(new Set((await modulesOf(target)).map(({rank, alpha}) => `${rank} ${alpha}`))).toEqual(new Set(['2 2']));
		const again = path.join(folder, 'less');
		await mergeModels({model: demo, loras: [{file: target, strength: 1}], target: again, dtype: 'F32'});
		const parts = await Promise.all([unet, text].map(async file => Promise.all([again, tuned, resolveBaseModel('demo')].map(model => tensorsOf(path.join(model, file))))));
		const joined = [0, 1, 2].map(which => new Map(parts.flatMap((models, part) => [...models[which]].map(([name, values]) => [`${part} ${name}`, values] as const))));
		expect(difference(joined[0], joined[1], joined[2]) ** 2).toBeCloseTo(1 - kept, 3);
	});

	it('says what its modules do not reach', async () => {
		const {reached, target} = await extract({targets: 'attention'});
		expect(reached).toBeGreaterThan(0.05);
		expect(reached).toBeLessThan(0.9);
		expect((await modulesOf(target)).filter(({path}) => !/attn|self_attn/.test(path))).toEqual([]);
	});

	it('takes rounding for no difference', async () => {
		const rounded = path.join(folder, 'rounded');
		await mergeModels({model: {baseModel: tuned}, loras: [{file: await demoLoraFile(folder, {name: 'attention', targets: 'attention', seed: 7}), strength: 0.5}], target: rounded, dtype: 'F16'});
		const {target, autoencoderDiffers} = await extract({tuned: {baseModel: rounded}, base: {baseModel: tuned}});
		expect((await modulesOf(target)).filter(({path}) => !/attn|self_attn/.test(path))).toEqual([]);
		expect(autoencoderDiffers).toBe(false);
	});

	it('has kohya\'s names and says what it is for', async () => {
		const {target} = await extract({dtype: 'F16', rank: 2});
		const file = await openSafetensors(target);
		expect(Object.fromEntries(file.metadata)).toMatchObject({ss_network_dim: '2', ss_base_model_version: 'sd_v1', 'modelspec.architecture': 'stable-diffusion-v1/lora'});
		expect([...file.tensors.keys()].every(name => /^lora_(unet|te)_\w+\.(lora_(up|down)\.weight|alpha)$/.test(name))).toBe(true);
		expect(new Set([...file.tensors.values()].map(({dtype}) => dtype))).toEqual(new Set(['F16']));
		await file.close();
	});

	it('is refused where there is none, for models of two kinds, and over another file', async () => {
		await expect(extract({tuned: demo})).rejects.toThrow(/have the same weights in every module/);
		await expect(extract({tuned: {baseModel: path.join(import.meta.dirname, '../fixtures/formats/pipeline')}})).rejects.toThrow(/do not have the same structure/);
		await expect(extract({target: path.join(folder, 'lora.safetensors')})).rejects.toThrow(/exists already/);
	});
});

async function modulesOf(file: string) {
	const model = await openModelFolder(resolveBaseModel('demo'));
	await model.close();
	const {modules, close} = await openLora(file, hostsOfModel(model));
	await close();
	return modules;
}

describe('the randomised decomposition', () => {
	it.each([[96, 64], [48, 160]])('of %i x %i holds as much as the exact one, also where the singular values fall slowly', (rows, columns) => {
		loadRuntime();
		const values = normals(rows * columns, {seed: 5, stream: 'matrix'});
		const {tf, backend, binding} = loadRuntime();
		const flag = (name: string, value: boolean) => ({name, type: binding.TF_ATTR_BOOL, value});
		const [exact] = backend.executeMultipleOutputs('Svd', [{name: 'T', type: binding.TF_ATTR_TYPE, value: 1}, flag('compute_uv', false), flag('full_matrices', false)], [tf.tensor2d(values, [rows, columns])], 3);
		const best = [...exact.dataSync()].slice(0, 8).reduce((sum, value) => sum + value ** 2, 0);
		const {up, down, singularValues} = lowRank(values, [rows, columns], {rank: 8});
		expect(singularValues.reduce((sum, value) => sum + value ** 2, 0) / best).toBeGreaterThan(0.98);
		const product = tf.matMul(tf.tensor2d(up, [rows, 8]), tf.tensor2d(down, [8, columns])).dataSync();
		const all = values.reduce((sum, value) => sum + value ** 2, 0);
		const left = values.reduce((sum, value, i) => sum + (value - product[i]) ** 2, 0);
		expect(left / all).toBeCloseTo(1 - singularValues.reduce((sum, value) => sum + value ** 2, 0) / all, 4);
	});
});
