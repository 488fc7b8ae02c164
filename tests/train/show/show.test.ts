import {createHash} from 'node:crypto';
import {cp, mkdtemp, readFile, rm, truncate, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {countNumbers, whatIs} from '../../../src/train/show/index.ts';
import {encodeFloats, openModelFolder, writeSafetensors, type FloatType} from '../../../src/train/weights/index.ts';

const fixtures = new URL('../../fixtures', import.meta.url).pathname;

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(path.join(os.tmpdir(), 'show-'));
});
afterEach(() => rm(folder, {recursive: true}));

const at = (name: string) => path.join(folder, name);

/** A file of the published size whose values are all zero: a header, and a hole in the file system. */
async function hollowFile(tensors: Readonly<Record<string, readonly number[]>>, dtype: FloatType = 'F16'): Promise<string> {
	let end = 0;
	const entries = Object.entries(tensors).map(([name, shape]) => {
		const begin = end;
		end += (dtype === 'F32' ? 4 : 2) * shape.reduce((product, side) => product * side, 1);
		return [name, {dtype, shape, data_offsets: [begin, end]}];
	});
	const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(header.length));
	await writeFile(at('hollow.safetensors'), Buffer.concat([length, header]));
	await truncate(at('hollow.safetensors'), 8 + header.length + end);
	return at('hollow.safetensors');
}

const unet = (text: number) => ({'model.diffusion_model.input_blocks.0.0.weight': [320, 4, 3, 3], 'model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight': [320, text]});
const whole = {...unet(768), 'cond_stage_model.transformer.text_model.x': [10], 'first_stage_model.x': [10]};

describe('what a file is', () => {
	it.each<[string, Readonly<Record<string, readonly number[]>>, FloatType]>([
		['SD 1.5, fp16, with EMA weights, 4.27 GB', {...whole, 'model_ema.diffusion_modelinput_blocks00weight': [2_134_740, 1000]}, 'F16'],
		['SD 1.5, fp32, 1.0 MB', whole, 'F32'],
		['SD 2.1, bf16, without text encoder, without autoencoder, 679 kB', unet(1024), 'BF16'],
		['Stable Diffusion XL, fp16, 3 kB', {'conditioner.embedders.1.x': [1000]}, 'F16'],
	])('is said in one line: %s', async (headline, tensors, dtype) => {
		expect((await whatIs(await hollowFile(tensors, dtype))).headline).toBe(headline);
	});

	it('is said of a LoRA with its rank and alpha, and of folders', async () => {
		expect(await whatIs(path.join(fixtures, 'lora/kohya.safetensors'))).toMatchObject({
			headline: 'LoRA, in kohya\'s names, rank 4, alpha 2, fp16, 334 kB',
			lora: {modules: 216, ranks: [4], alphas: [2]},
			metadata: {ss_network_dim: '4'},
		});
		const pipeline = path.join(fixtures, 'formats/pipeline');
		expect(await whatIs(pipeline)).toMatchObject({kind: 'folder', headline: 'Stable Diffusion of another size (text states of width 16), diffusers folder, fp32, 1.1 MB', components: [{name: 'UNet', tensors: 686}, {name: 'text encoder'}, {name: 'autoencoder', tensors: 248}]});
		expect(await whatIs(path.join(pipeline, 'vae'))).toMatchObject({kind: 'autoencoder', layout: 'diffusers'});
	});

	it('is said with the reason when it is of no use here', async () => {
		expect((await whatIs(await hollowFile({'double_blocks.0.x': [1]}))).refusal).toBe('it is a transformer without a UNet');
		await writeFile(at('model.ckpt'), Buffer.from('504b0304000008080000', 'hex'));
		await expect(whatIs(at('model.ckpt'))).rejects.toThrow('is a Python pickle');
		await expect(whatIs(at('nothing'))).rejects.toThrow('it does not exist');
		await cp(path.join(fixtures, 'formats/pipeline/model_index.json'), at('model_index.json'));
		await writeFile(at('model_index.json'), '{"_class_name": "FluxPipeline"}');
		await expect(whatIs(folder)).rejects.toThrow('_class_name is "FluxPipeline"; supported: "StableDiffusionPipeline"');
	});
});

describe('a count of the numbers', () => {
	it('finds what is not a number or infinite, the norm and the largest, in every type', async () => {
		const values = Float32Array.of(3, -4, NaN, Infinity, -Infinity, NaN, NaN, 0);
		for (const dtype of ['F32', 'F16', 'BF16'] as const) {
			await writeSafetensors(at('broken.safetensors'), [
				{name: 'first_stage_model.decoder.conv_in.weight', dtype, shape: [2, 4], bytes: () => encodeFloats(values, dtype)},
				{name: 'model.diffusion_model.input_blocks.0.0.weight', dtype, shape: [1, 4, 1, 1], bytes: () => encodeFloats(Float32Array.of(1, 1, 1, -1), dtype)},
			]);
			const {numbers} = await countNumbers(await whatIs(at('broken.safetensors')));
			expect(numbers.get('autoencoder')).toMatchObject({count: 8, nans: 3, infinities: 2, sumOfSquares: 25, largest: 4});
			expect(numbers.get('UNet')).toMatchObject({count: 4, nans: 0, sumOfSquares: 4, largest: 1});
		}
	});

	it('gives the hashes that A1111 and Civitai show', async () => {
		const file = path.join(fixtures, 'lora/kohya.safetensors');
		const bytes = await readFile(file);
		const sha256 = (part: Uint8Array) => createHash('sha256').update(part).digest('hex');
		const tensors = bytes.subarray(8 + Number(bytes.readBigUInt64LE()));
		const {hashes} = await countNumbers(await whatIs(file));
		expect(hashes).toEqual([{path: file, sha256: sha256(bytes), autoV2: sha256(bytes).slice(0, 10), tensors: sha256(tensors), autoV3: sha256(tensors).slice(0, 12)}]);
	});

	it('reads files that are larger than one piece, and every file of a folder', async () => {
		const large = Float32Array.from({length: 3_000_001}, (_, i) => (i === 2_500_000 ? NaN : 1));
		await writeSafetensors(at('large.safetensors'), [{name: 'decoder.conv_in.weight', dtype: 'F32', shape: [large.length], bytes: () => encodeFloats(large, 'F32')}]);
		const shares: number[] = [];
		const {numbers, hashes: [{sha256}]} = await countNumbers(await whatIs(at('large.safetensors')), {onProgress: share => shares.push(share)});
		expect([...numbers.values()]).toMatchObject([{count: 3_000_001, nans: 1, sumOfSquares: 3_000_000}]);
		expect(sha256).toBe(createHash('sha256').update(await readFile(at('large.safetensors'))).digest('hex'));
		expect(shares).toEqual(shares.toSorted((a, b) => a - b));
		expect(shares.at(-1)).toBeCloseTo(1, 3);

		const pipeline = await openModelFolder(path.join(fixtures, 'formats/pipeline'));
		const norm = Math.hypot(...await Promise.all([...pipeline.vae.tensors.keys()].map(async name => Math.hypot(...await pipeline.vae.readFloat32(name)))));
		await pipeline.close();
		const counted = await countNumbers(await whatIs(path.join(fixtures, 'formats/pipeline')));
		expect(counted.hashes).toHaveLength(3);
		expect(Math.sqrt(counted.numbers.get('autoencoder')!.sumOfSquares)).toBeCloseTo(norm, 6);
	});
});
