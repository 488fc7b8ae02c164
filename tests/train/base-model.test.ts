import fs from 'node:fs';
import path from 'node:path';
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import {checkConfig, demoConfig, readModelFacts} from '../../src/presets/index.ts';
import {openBaseModel} from '../../src/train/base-model.ts';
import type {ModelSource} from '../../src/train/model-files.ts';
import {clipVocabulary} from '../../src/train/models/index.ts';
import {declareNetworks} from '../../src/train/stable-diffusion.ts';
import {openModelFolder, openSafetensors, readStructure, structureFolder, writeModelFolder, writeSingleFile, type ModelFolder} from '../../src/train/weights/index.ts';
import {ldmPlaces} from '../../src/train/weights/ldm-names.ts';
import {newFolder, removeFolders} from './training-run.ts';

let folder: string;
const opened: {close(): Promise<void>}[] = [];
const keep = <T extends {close(): Promise<void>}>(model: T): T => {
	opened.push(model);
	return model;
};
/** As for a run with small pictures. */
const open = async (choice: ModelSource) => (await openBaseModel(choice, {pixels: 64 * 64}, path.join(folder, 'structures'))).folder;

beforeAll(() => {
	folder = newFolder();
});
afterEach(async () => {
	for (const model of opened.splice(0)) await model.close();
});
afterAll(removeFolders);

/** A single file of the published size whose values are all zero: a header, and a hole in the file system. */
function hollowFile(name: string, tensors: Readonly<Record<string, readonly number[]>>, metadata: Readonly<Record<string, string>> = {}): string {
	let end = 0;
	const entries = Object.entries(tensors).map(([key, shape]) => {
		const begin = end;
		end += 2 * shape.reduce((product, side) => product * side, 1);
		return [key, {dtype: 'F16', shape, data_offsets: [begin, end]}];
	});
	const header = Buffer.from(JSON.stringify({__metadata__: metadata, ...Object.fromEntries(entries)}));
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(header.length));
	const file = path.join(folder, name);
	fs.writeFileSync(file, Buffer.concat([length, header]));
	fs.truncateSync(file, 8 + header.length + end);
	return file;
}

/** Names and shapes as the original code has them: tests/fixtures/formats lists those of SD 1's structure. */
const layer = (name: string, ...shape: number[]) => ({[`${name}.weight`]: shape, [`${name}.bias`]: [shape[0]]});

describe('a base model in one file', () => {
	const first = {'model.diffusion_model.input_blocks.0.0.weight': [320, 4, 3, 3]};
	const width = (side: number) => ({'model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight': [320, side]});

	it('is recognized by its header', () => {
		expect(readModelFacts(hollowFile('one.safetensors', {...first, ...width(768)}))).toMatchObject({family: 'sd1', prediction: 'epsilon', resolution: 512, parameters: {unet: 320 * 36 + 320 * 768}});
		expect(readModelFacts(hollowFile('two.safetensors', {...first, ...width(1024)}))).toMatchObject({family: 'sd2', prediction: 'epsilon', resolution: 512});
		expect(readModelFacts(hollowFile('velocity.safetensors', {...first, ...width(1024)}, {'modelspec.prediction_type': 'v'}))).toMatchObject({family: 'sd2', prediction: 'v_prediction', resolution: 768});
	});

	it('has averaged weights or not, which decides whether a run can start from them', () => {
		const both = readModelFacts(hollowFile('both.safetensors', {...first, ...width(768), 'model_ema.diffusion_modelinput_blocks00weight': [320, 4, 3, 3]}));
		const one = readModelFacts(hollowFile('pruned.safetensors', {...first, ...width(768)}));
		expect([both.ema, one.ema]).toEqual([true, false]);
		const problems = (model: typeof both) => checkConfig({...demoConfig(), baseModelEma: true}, {model}).filter(({key}) => key === 'baseModelEma').map(({message}) => message);
		expect(problems(both)).toEqual([]);
		expect(problems(one)).toEqual(['baseModelEma is on, but the base model has no averaged (EMA) weights beside its own.']);
	});

	it('of SD 2 tells its prediction by a bias that fine-tuning leaves alone', () => {
		const bias = 'model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias';
		const file = hollowFile('spread.safetensors', {[bias]: [320], ...first, ...width(1024)});
		expect(readModelFacts(file).prediction).toBe('epsilon');
		const handle = fs.openSync(file, 'r+');
		const [length] = new BigUint64Array(Uint8Array.from(fs.readFileSync(file).subarray(0, 8)).buffer);
		// Half of the values 0.25, half -0.25, in 16-bit floats.
		fs.writeSync(handle, Buffer.from(Uint16Array.from({length: 320}, (_, i) => (i % 2 ? 0x34_00 : 0xb4_00)).buffer), 0, 640, 8 + Number(length));
		fs.closeSync(handle);
		expect(readModelFacts(file).prediction).toBe('v_prediction');
	});

	it('is refused by name when it is another kind of model', () => {
		expect(() => readModelFacts(hollowFile('xl.safetensors', {...first, ...width(2048), 'conditioner.embedders.0.x': [1]}))).toThrow('cannot be trained: Stable Diffusion XL');
		expect(() => readModelFacts(hollowFile('inpainting.safetensors', {'model.diffusion_model.input_blocks.0.0.weight': [320, 9, 3, 3], ...width(768)}))).toThrow('cannot be trained: SD 1.5 for inpainting (its UNet takes 9 channels instead of 4)');
		expect(() => readModelFacts(hollowFile('unet.safetensors', {'conv_in.weight': [320, 4, 3, 3], 'down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight': [320, 768]}))).toThrow('is no whole model: SD 1.5, UNet only');
		expect(() => readModelFacts(hollowFile('lora.safetensors', {'lora_unet_x.lora_down.weight': [1, 2]}))).toThrow('is no whole model: LoRA');
		fs.writeFileSync(path.join(folder, 'model.ckpt'), 'PK\u0003\u0004 a pickle in a zip');
		expect(() => readModelFacts(path.join(folder, 'model.ckpt'))).toThrow(/is not a safetensors file.*pickle/);
	});

	it('is opened with the configs and the tokenizer of its family, and lists what it lacks', async () => {
		const file = hollowFile('lacking.safetensors', {...first, ...width(768), ...layer('model.diffusion_model.out.2', 4, 320, 3, 3)});
		await expect(open({baseModel: file})).rejects.toThrow(/1\d{3} tensors are missing or misshapen:\n {2}\S+: expected \[.*\], found nothing/);
	});

	it('trains like the folder it came from once it is whole', async () => {
		const reference = keep(await openSafetensors('tests/fixtures/formats/single-file.safetensors'));
		const names = new Set([...reference.tensors.keys()].map(name => name.split('.')[0]));
		expect(names).toEqual(new Set(['model', 'first_stage_model', 'cond_stage_model']));
		const declared = await sdOne();
		const model = keep(await open({baseModel: hollowFile('whole.safetensors', declared)}));
		expect(model.unet.tensors.size).toBe(686);
		expect(model.vae.tensors.size).toBe(248);
		expect([...model.toNormalize].sort()).toEqual(['textEncoder', 'unet', 'vae']);
		expect(model.textEncoderConfig).toMatchObject({hiddenSize: 768, hiddenAct: 'quick_gelu', numHiddenLayers: 12});
		expect((await model.unet.readFloat32('conv_in.bias')).every(value => value === 0)).toBe(true);
		const drawn = keep(await open({baseModel: path.join(folder, 'whole.safetensors'), random: {seed: 1, networks: ['unet']}}));
		expect((await drawn.unet.readFloat32('conv_in.bias')).every(value => value !== 0)).toBe(true);
		expect((await drawn.textEncoder.readFloat32('text_model.final_layer_norm.weight')).every(value => value === 0)).toBe(true);
	});
});

/** All tensors of an SD 1 single file: the structure's own names, placed as the writer places them. */
async function sdOne(): Promise<Record<string, readonly number[]>> {
	const structure = await readStructure(await structureFolder(path.join(folder, 'structures'), {family: 'sd1', prediction: 'epsilon'}, clipVocabulary()));
	const declared = declareNetworks(structure);
	const shapes: Record<string, readonly number[]> = {};
	for (const network of ['unet', 'vae', 'textEncoder'] as const) {
		const place = ldmPlaces(network, declared[network].map(({name}) => name), 'clip');
		for (const {name, shape} of declared[network]) shapes[place(name, shape).name] = place(name, shape).shape;
	}
	return shapes;
}

describe('another autoencoder', () => {
	const changedVae = async (model: ModelFolder) => {
		const values = await model.vae.readFloat32('decoder.conv_out.bias');
		return {vae: [{name: 'decoder.conv_out.bias', shape: [values.length], read: () => values.map(value => value + 1)}]};
	};

	it('from a folder, a model or a single file takes the place of the base model\'s and is saved with the result', async () => {
		const base = keep(await open({baseModel: 'demo'}));
		const own = await base.vae.readFloat32('decoder.conv_out.bias');
		const other = path.join(folder, 'other');
		await writeModelFolder(other, base, await changedVae(base), {dtype: 'F32'});
		const donor = keep(await openModelFolder(other));
		const file = path.join(folder, 'vae.safetensors');
		await writeSingleFile(file, donor, {dtype: 'F32'});
		for (const vae of [other, path.join(other, 'vae'), file]) {
			const model = keep(await open({baseModel: 'demo', vae}));
			const found = await model.vae.readFloat32('decoder.conv_out.bias');
			expect(found.every((value, i) => Math.abs(value - own[i] - 1) < 1e-6)).toBe(true);
			const saved = path.join(folder, `saved-${path.basename(vae)}`);
			await writeModelFolder(saved, model, {}, {dtype: 'F32'});
			const again = keep(await openModelFolder(saved));
			expect(await again.vae.readFloat32('decoder.conv_out.bias')).toEqual(found);
			expect(await again.unet.readFloat32('conv_out.bias')).toEqual(await base.unet.readFloat32('conv_out.bias'));
		}
	});

	it('that does not fit is refused: key, expected, found', async () => {
		const single = keep(await openSafetensors(path.join(folder, 'vae.safetensors')));
		const names = [...single.tensors.keys()].filter(name => name.startsWith('first_stage_model.')).slice(1);
		const file = hollowFile('small-vae.safetensors', Object.fromEntries(names.map(name => [name, [1]])));
		await expect(open({baseModel: 'demo', vae: file})).rejects.toThrow(/is not an autoencoder for this base model: 152 tensors are missing or misshapen:\n {2}encoder\.conv_in\.weight: expected \[40, 3, 3, 3\], found \[1\]/);
	});
});

describe('the schedule of the base model', () => {
	it('can be rescaled to end in pure noise, and the result says so to every program', async () => {
		const base = keep(await open({baseModel: 'demo', prediction: 'v_prediction', zeroTerminalSnr: true}));
		expect(base.schedulerConfig).toMatchObject({predictionType: 'v_prediction', rescaleBetasZeroSnr: true, timestepSpacing: 'trailing'});
		const saved = path.join(folder, 'rescaled');
		await writeModelFolder(saved, base, {}, {dtype: 'F32'});
		expect(JSON.parse(fs.readFileSync(path.join(saved, 'scheduler', 'scheduler_config.json'), 'utf8'))).toMatchObject({prediction_type: 'v_prediction', rescale_betas_zero_snr: true, timestep_spacing: 'trailing', beta_start: 0.000_85});
		const file = path.join(folder, 'rescaled.safetensors');
		await writeSingleFile(file, base, {dtype: 'F16'});
		expect(keep(await openSafetensors(file)).tensors.has('ztsnr')).toBe(true);
	});

	it('is left alone otherwise', async () => {
		const base = keep(await open({baseModel: 'demo'}));
		const saved = path.join(folder, 'plain');
		await writeModelFolder(saved, base, {}, {dtype: 'F32'});
		expect(fs.readFileSync(path.join(saved, 'scheduler', 'scheduler_config.json'))).toEqual(fs.readFileSync(path.join(base.folder, 'scheduler', 'scheduler_config.json')));
	});
});
