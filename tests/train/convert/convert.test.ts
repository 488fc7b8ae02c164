import {cp, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {convert} from '../../../src/train/convert/index.ts';
import {encodeFloats, openLora, openModelFolder, openSafetensors, writeSafetensors} from '../../../src/train/weights/index.ts';

const fixtures = new URL('../../fixtures', import.meta.url).pathname;
const pipeline = path.join(fixtures, 'formats/pipeline');
const single = path.join(fixtures, 'formats/single-file.safetensors');
const kohya = path.join(fixtures, 'lora/kohya.safetensors');
const peft = path.join(fixtures, 'lora/pytorch_lora_weights.safetensors');

let folder: string;
const home = process.env.DREAMBOOTH_HOME;
beforeAll(async () => {
	process.env.DREAMBOOTH_HOME = await mkdtemp(path.join(os.tmpdir(), 'convert-home-'));
});
afterAll(async () => {
	await rm(process.env.DREAMBOOTH_HOME!, {recursive: true});
	if (home === undefined) delete process.env.DREAMBOOTH_HOME;
	else process.env.DREAMBOOTH_HOME = home;
});
beforeEach(async () => {
	folder = await mkdtemp(path.join(os.tmpdir(), 'convert-'));
});
afterEach(() => rm(folder, {recursive: true}));

const at = (name: string) => path.join(folder, name);

/** Name, type, shape and bytes of every tensor of a file. */
async function tensorsOf(file: string): Promise<Map<string, {dtype: string; shape: readonly number[]; bytes: Uint8Array}>> {
	const opened = await openSafetensors(file);
	const tensors = await Promise.all([...opened.tensors].map(async ([name, {dtype, shape}]) => [name, {dtype, shape, bytes: await opened.readBytes(name)}] as const));
	await opened.close();
	return new Map(tensors.sort(([a], [b]) => (a < b ? -1 : 1)));
}

type Tensors = Awaited<ReturnType<typeof tensorsOf>>;

/** Names of the tensors that two files do not have alike, to the bit. */
const differing = (a: Tensors, b: Tensors): string[] =>
	[...new Set([...a.keys(), ...b.keys()])].filter(name => {
		const [one, other] = [a.get(name), b.get(name)];
		return one === undefined || other === undefined || one.dtype !== other.dtype || String(one.shape) !== String(other.shape) || Buffer.compare(one.bytes, other.bytes) !== 0;
	});

const weights = ['unet/diffusion_pytorch_model', 'vae/diffusion_pytorch_model', 'text_encoder/model'];

describe('a model', () => {
	it('goes from a folder into a single file and back without a change of a bit', async () => {
		const to = await convert({source: pipeline, target: at('model.safetensors')});
		expect(to).toMatchObject({written: at('model.safetensors'), form: 'single file', dtypes: ['F32'], overflows: [], warnings: []});
		const back = await convert({source: at('model.safetensors'), target: at('back'), like: pipeline});
		expect(back).toMatchObject({form: 'diffusers folder', dtypes: ['F32', 'F32', 'F32'], overflows: []});
		for (const name of weights.slice(0, 2)) expect(differing(await tensorsOf(at(`back/${name}.safetensors`)), await tensorsOf(path.join(pipeline, `${name}.safetensors`)))).toEqual([]);
		// The fixture's text encoder has the flat names of transformers 5; those written are for every version.
		const text = [...(await tensorsOf(path.join(pipeline, 'text_encoder/model.safetensors')))].map(([name, tensor]) => [`text_model.${name}`, tensor] as const);
		expect(differing(await tensorsOf(at('back/text_encoder/model.safetensors')), new Map(text))).toEqual([]);
		for (const file of ['model_index.json', 'unet/config.json', 'tokenizer/vocab.json', 'scheduler/scheduler_config.json']) expect(await readFile(at(`back/${file}`)), file).toEqual(await readFile(path.join(pipeline, file)));
	});

	it('goes from a single file into a folder and back without a change of a bit', async () => {
		await convert({source: single, target: at('folder'), like: pipeline});
		expect(JSON.parse(await readFile(at('folder/text_encoder/config.json'), 'utf8'))).toMatchObject({dtype: 'float16'});
		await convert({source: at('folder'), target: at('back.safetensors')});
		expect(differing(await tensorsOf(at('back.safetensors')), await tensorsOf(single))).toEqual([]);
	});

	it('takes the type that is asked for, in a file and in a folder, and says what was too large for it', async () => {
		const large = at('large');
		await cp(pipeline, large, {recursive: true});
		const vae = await tensorsOf(path.join(pipeline, weights[1] + '.safetensors'));
		await writeSafetensors(path.join(large, weights[1] + '.safetensors'), [...vae].map(([name, tensor]) => ({
			...tensor, name, dtype: 'F32' as const,
			bytes: () => (name === 'quant_conv.bias' ? encodeFloats(Float32Array.from({length: 8}, (_, i) => (i < 2 ? 1e6 : 1)), 'F32') : tensor.bytes),
		})));
		const half = await convert({source: large, target: at('half.safetensors'), dtype: 'F16'});
		expect(half.overflows).toEqual([{name: 'first_stage_model.quant_conv.bias', count: 2}]);
		expect(new Set([...(await tensorsOf(at('half.safetensors'))).values()].map(({dtype}) => dtype))).toEqual(new Set(['F16', 'I64']));
		expect((await convert({source: large, target: at('brain.safetensors'), dtype: 'BF16'})).overflows).toEqual([]);
		expect((await convert({source: large, target: at('brain'), dtype: 'BF16'})).dtypes).toEqual(['BF16']);
		for (const name of weights) expect(new Set([...(await tensorsOf(at(`brain/${name}.safetensors`))).values()].map(({dtype}) => dtype)), name).toEqual(new Set(['BF16']));
		await (await openModelFolder(at('brain'))).close();
	});

	it('may have half of its networks in another type: a folder keeps them, a single file says that it does not', async () => {
		await convert({source: pipeline, target: at('half'), dtype: 'F16'});
		await cp(path.join(pipeline, 'vae'), at('half/vae'), {recursive: true, force: true});
		expect((await convert({source: at('half'), target: at('again')})).dtypes).toEqual(['F16', 'F32', 'F16']);
		expect((await convert({source: at('half'), target: at('one.safetensors')})).warnings).toEqual([expect.stringContaining('The autoencoder was F32 and is F16 now')]);
	});

	it('gets its positions written as whole numbers, whatever they were', async () => {
		const name = 'cond_stage_model.transformer.text_model.embeddings.position_ids';
		const spoilt = [...(await tensorsOf(single))].map(([key, tensor]) => (key === name ? {name: key, dtype: 'F16' as const, shape: [1, 77], bytes: () => encodeFloats(new Float32Array(77).fill(0.999), 'F16')} : {...tensor, name: key, dtype: 'F16' as const, bytes: () => tensor.bytes}));
		await writeSafetensors(at('spoilt.safetensors'), spoilt);
		await convert({source: at('spoilt.safetensors'), target: at('whole.safetensors'), like: pipeline});
		expect(differing(await tensorsOf(at('whole.safetensors')), await tensorsOf(single))).toEqual([]);
	});

	it('gets another autoencoder, or the average of its weights', async () => {
		const file = await tensorsOf(single);
		const zeroed = new Map([...file].filter(([name]) => name.startsWith('first_stage_model.')).map(([name, tensor]) => [name.replace('first_stage_model.', ''), {...tensor, bytes: new Uint8Array(tensor.bytes.length)}]));
		const write = (target: string, tensors: Tensors) => writeSafetensors(target, [...tensors].map(([name, {dtype, shape, bytes}]) => ({name, dtype: dtype as 'F16', shape, bytes: () => bytes})));
		await write(at('vae.safetensors'), zeroed);
		await convert({source: single, target: at('other.safetensors'), vae: at('vae.safetensors'), like: pipeline});
		const other = await tensorsOf(at('other.safetensors'));
		expect([...other].filter(([name, {bytes}]) => String(bytes) !== String(file.get(name)?.bytes)).every(([name]) => name.startsWith('first_stage_model.'))).toBe(true);
		expect(other.get('first_stage_model.quant_conv.bias')?.bytes.every(byte => byte === 0)).toBe(true);

		const average = new Map([...file].filter(([name]) => name.startsWith('model.')).map(([name, tensor]) => [`model_ema.${name.slice('model.'.length).replaceAll('.', '')}`, {...tensor, bytes: new Uint8Array(tensor.bytes.length)}]));
		await write(at('both.safetensors'), new Map([...file, ...average]));
		await convert({source: at('both.safetensors'), target: at('pruned.safetensors'), like: pipeline});
		expect(differing(await tensorsOf(at('pruned.safetensors')), file)).toEqual([]);
		await convert({source: at('both.safetensors'), target: at('ema.safetensors'), ema: true, like: pipeline});
		const [[, first]] = [...(await tensorsOf(at('ema.safetensors')))].filter(([name]) => name.startsWith('model.'));
		expect(first.bytes.every(byte => byte === 0)).toBe(true);
	});

	it('keeps what the file says of itself', async () => {
		const file = await tensorsOf(single);
		await writeSafetensors(at('named.safetensors'), [...file].map(([name, {dtype, shape, bytes}]) => ({name, dtype: dtype as 'F16', shape, bytes: () => bytes})), {'modelspec.title': 'My dog', 'modelspec.hash_sha256': '0x00', own: 'words'});
		const {hashes} = await convert({source: at('named.safetensors'), target: at('copy.safetensors'), like: pipeline});
		const {metadata} = await withClosed(at('copy.safetensors'));
		expect(Object.fromEntries(metadata)).toMatchObject({format: 'pt', own: 'words', 'modelspec.title': 'My dog', 'modelspec.architecture': 'stable-diffusion-v1'});
		expect(metadata.get('modelspec.hash_sha256')).toBe(`0x${hashes?.tensors}`);
	});
});

describe('a LoRA', () => {
	it('goes from kohya\'s names into those of diffusers and back without a change of a bit', async () => {
		const there = await convert({source: kohya, target: at('diffusers.safetensors')});
		expect(there).toMatchObject({form: 'LoRA in diffusers\' names', dtypes: ['F16'], warnings: []});
		const [converted, expected] = [await tensorsOf(at('diffusers.safetensors')), await tensorsOf(peft)];
		expect([...converted.keys()]).toEqual([...expected.keys()]);
		expect(differing(converted, expected)).toEqual([]);
		const back = await convert({source: at('diffusers.safetensors'), target: at('kohya.safetensors')});
		expect(back).toMatchObject({form: 'LoRA in kohya\'s names', warnings: []});
		expect(differing(await tensorsOf(at('kohya.safetensors')), await tensorsOf(kohya))).toEqual([]);
		const {metadata} = await withClosed(at('kohya.safetensors'));
		expect(Object.fromEntries(metadata)).toEqual(Object.fromEntries((await withClosed(kohya)).metadata));
	});

	it('of diffusers comes back the same, in a folder as diffusers has it, and its alpha may be given', async () => {
		const there = await convert({source: peft, target: at('kohya.safetensors'), alpha: 2});
		expect(there.warnings).toEqual([]);
		expect(differing(await tensorsOf(at('kohya.safetensors')), await tensorsOf(kohya))).toEqual([]);
		const {written} = await convert({source: at('kohya.safetensors'), target: at('back')});
		expect(written).toBe(at('back/pytorch_lora_weights.safetensors'));
		expect(differing(await tensorsOf(written), await tensorsOf(peft))).toEqual([]);
		expect((await convert({source: at('back'), target: at('third.safetensors')})).form).toBe('LoRA in kohya\'s names');
		expect((await convert({source: peft, target: at('untold.safetensors')})).warnings[0]).toMatch('does not tell its alpha');
	});

	it('keeps the alpha of every module, and the rank', async () => {
		const [a, b] = ['mid_block.attentions.0.proj_in', 'mid_block.attentions.0.proj_out'];
		const zeros = (name: string, shape: readonly number[], value = 0) => ({name, dtype: 'F32' as const, shape, bytes: () => encodeFloats(new Float32Array(shape.reduce((x, y) => x * y, 1)).fill(value), 'F32')});
		const adapter = (path: string, rank: number, alpha: number) => {
			const name = `lora_unet_${path.replaceAll('.', '_')}`;
			return [zeros(`${name}.lora_down.weight`, [rank, 8, 1, 1]), zeros(`${name}.lora_up.weight`, [8, rank, 1, 1]), zeros(`${name}.alpha`, [], alpha)];
		};
		await writeSafetensors(at('uneven.safetensors'), [...adapter(a, 4, 1), ...adapter(b, 2, 1.5)]);
		await convert({source: at('uneven.safetensors'), target: at('there.safetensors')});
		await convert({source: at('there.safetensors'), target: at('back.safetensors')});
		expect(differing(await tensorsOf(at('back.safetensors')), await tensorsOf(at('uneven.safetensors')))).toEqual([]);
		const lora = await openLora(at('there.safetensors'));
		await lora.close();
		expect(lora.modules.map(({path, rank, alpha}) => ({path, rank, alpha}))).toEqual([{path: a, rank: 4, alpha: 1}, {path: b, rank: 2, alpha: 1.5}]);
	});
});

async function withClosed(file: string) {
	const opened = await openSafetensors(file);
	await opened.close();
	return opened;
}

describe('a conversion', () => {
	it('never overwrites, and leaves nothing behind when it fails', async () => {
		await writeFile(at('mine.safetensors'), 'precious');
		await expect(convert({source: kohya, target: at('mine.safetensors')})).rejects.toMatchObject({message: `${at('mine.safetensors')} exists already and is not overwritten.`, action: `Give another name, such as ${at('mine-2.safetensors')}.`});
		await expect(convert({source: single, target: at('model')})).rejects.toThrow('cannot be trained: Stable Diffusion of another size (text states of width 16) (its configs are not in the file)');
		await expect(convert({source: pipeline, target: at('model.safetensors'), vae: kohya})).rejects.toThrow('is not an autoencoder for this base model');
		expect(await readdir(folder)).toEqual(['mine.safetensors']);
		expect(await readFile(at('mine.safetensors'), 'utf8')).toBe('precious');
	});

	it('gives the hashes of the file that was written, and tells how far it is', async () => {
		const told: [string, number][] = [];
		const {hashes} = await convert({source: pipeline, target: at('model.safetensors')}, (...each) => told.push(each));
		const {createHash} = await import('node:crypto');
		expect(hashes?.sha256).toBe(createHash('sha256').update(await readFile(at('model.safetensors'))).digest('hex'));
		for (const what of ['write', 'hash']) expect(told.findLast(([each]) => each === what)?.[1], what).toBeGreaterThan(0.85);
	});

	it.each<[string, Readonly<Record<string, readonly number[]>>, string]>([
		['an inpainting model', {'model.diffusion_model.input_blocks.0.0.weight': [4, 9, 3, 3]}, 'its UNet takes 9 channels instead of 4'],
		['SDXL', {'conditioner.embedders.1.x': [1]}, 'Stable Diffusion XL (it has two text encoders and a larger UNet)'],
		['Flux', {'double_blocks.0.x': [1]}, 'Flux (it is a transformer without a UNet)'],
		['a lone autoencoder', {'decoder.conv_in.weight': [4, 4, 3, 3]}, 'is no whole model: autoencoder (VAE)'],
	])('refuses %s by name with the reason', async (_, tensors, reason) => {
		await writeSafetensors(at('other.safetensors'), Object.entries(tensors).map(([name, shape]) => ({name, dtype: 'F32', shape, bytes: () => new Uint8Array(4 * shape.reduce((a, b) => a * b, 1))})));
		await expect(convert({source: at('other.safetensors'), target: at('made')})).rejects.toThrow(reason);
	});

	it('refuses a pickle with the reason and the way out', async () => {
		await writeFile(at('model.ckpt'), Buffer.from('504b0304000008080000', 'hex'));
		await expect(convert({source: at('model.ckpt'), target: at('made')})).rejects.toMatchObject({message: expect.stringContaining('is a Python pickle'), action: expect.stringContaining('weights_only=True')});
	});
});
