import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {encodeFloats, networkTensors, openLora, parseTextEncoderConfig, parseUNetConfig, parseVaeConfig, writeSafetensors, type LoraHosts} from '../../../src/train/weights/index.ts';
import {parseLoraName} from '../../../src/train/weights/lora-names.ts';

const q = 'down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q';
const out = 'down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0';
const convolution = 'down_blocks.0.attentions.0.proj_in';
const text = 'text_model.encoder.layers.0.self_attn.q_proj';
const hosts: LoraHosts = {unet: new Map([[q, [6, 8]], [out, [6, 6]], [convolution, [6, 6, 1, 1]]]), textEncoder: new Map([[text, [6, 8]]])};

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(path.join(os.tmpdir(), 'lora-'));
});
afterEach(() => rm(folder, {recursive: true}));

const file = () => path.join(folder, 'lora.safetensors');

/** A file with tensors of these names and shapes, whose values count from `from`. */
async function write(tensors: Readonly<Record<string, readonly number[]>>, metadata?: Record<string, string>): Promise<void> {
	await writeSafetensors(file(), Object.entries(tensors).map(([name, shape]) => ({name, dtype: 'F32', shape, bytes: () => encodeFloats(Float32Array.from({length: shape.reduce((a, b) => a * b, 1)}, (_, i) => i + 1), 'F32')})), metadata);
}

const read = async () => {
	const {modules, close} = await openLora(file(), hosts);
	await close();
	return modules.map(({network, path, rank, alpha}) => ({network, path, rank, alpha}));
};

describe('a LoRA file', () => {
	it.each<[string, string, string, string, string]>([
		['kohya', 'lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_out_0.lora_down.weight', 'lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_out_0.lora_up.weight', 'unet', out],
		['peft', `unet.${out}.lora_A.weight`, `unet.${out}.lora_B.weight`, 'unet', out],
		['diffusers, second spelling', `unet.${out}.lora.down.weight`, `unet.${out}.lora.up.weight`, 'unet', out],
		['diffusers, first spelling, without a prefix', out.replace('.to_out.0', '.processor.to_out_lora.down.weight'), out.replace('.to_out.0', '.processor.to_out_lora.up.weight'), 'unet', out],
	])('is read in the names of %s', async (_, down, up, network, path) => {
		await write({[down]: [2, 6], [up]: [6, 2]});
		expect(await read()).toEqual([{network, path, rank: 2, alpha: 2}]);
	});

	it.each([
		`text_encoder.${text}.lora_linear_layer.down.weight`,
		'text_encoder.encoder.layers.0.self_attn.q_proj.lora_A.weight',
		'lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight',
	])('is read for the text encoder: %s', async down => {
		const up = down.replace('lora_A', 'lora_B').replace('lora_down', 'lora_up').replace('.down.', '.up.');
		await write({[down]: [2, 8], [up]: [6, 2]});
		expect(await read()).toEqual([{network: 'textEncoder', path: text, rank: 2, alpha: 2}]);
	});

	it('may leave out the kernel of a 1x1 convolution', async () => {
		await write({[`unet.${convolution}.lora_A.weight`]: [2, 6], [`unet.${convolution}.lora_B.weight`]: [6, 2, 1, 1]});
		expect(await read()).toMatchObject([{path: convolution, rank: 2}]);
	});

	it('tells alpha by a tensor, by the configuration of peft, or not at all', async () => {
		const tensors = {[`unet.${q}.lora_A.weight`]: [4, 8], [`unet.${q}.lora_B.weight`]: [6, 4]};
		await write({...tensors, [`unet.${q}.alpha`]: []});
		expect(await read()).toMatchObject([{alpha: 1}]);
		await write(tensors, {lora_adapter_metadata: JSON.stringify({'unet.lora_alpha': 8})});
		expect(await read()).toMatchObject([{alpha: 8}]);
		await write(tensors, {lora_adapter_metadata: JSON.stringify({'unet.lora_alpha': 8, 'unet.alpha_pattern': {[q]: 3}, 'unet.use_rslora': true})});
		expect(await read()).toMatchObject([{alpha: 6}]);
		await write(tensors);
		expect(await read()).toMatchObject([{alpha: 4}]);
		const {modules, close} = await openLora(file(), hosts, {alpha: 7});
		await close();
		expect(modules[0].alpha).toBe(7);
	});

	it.each<[string, Record<string, readonly number[]>, RegExp]>([
		['for another model', {'lora_unet_input_blocks_4_1_proj_in.lora_down.weight': [2, 6]}, /1 of its tensors are no LoRA of a module of this model: lora_unet_input_blocks_4_1/],
		['of another method', {[`unet.${q}.lora_magnitude_vector`]: [6]}, /no LoRA of a module of this model/],
		['that is empty', {}, /it holds no tensors/],
		['with half an adapter', {[`unet.${q}.lora_A.weight`]: [2, 8]}, /the adapter of down_blocks.*to_q is not complete/],
		['of other sizes', {[`unet.${q}.lora_A.weight`]: [2, 9], [`unet.${q}.lora_B.weight`]: [6, 2]}, /has the shapes \[2,9\] and \[6,2\], which do not fit its weight \[6,8\]/],
	])('%s is refused with the reason', async (_, tensors, reason) => {
		await write(tensors);
		await expect(openLora(file(), hosts)).rejects.toThrow(reason);
	});
});

describe('a LoRA file for any model', () => {
	it('is read without the model: the words in a name of kohya tell where its path is joined', async () => {
		const listed = networkTensors({unetConfig: parseUNetConfig({}), vaeConfig: parseVaeConfig({}), textEncoderConfig: parseTextEncoderConfig({})});
		for (const [network, name] of [['unet', 'lora_unet_'], ['textEncoder', 'lora_te_']] as const) {
			const paths = [...listed[network].keys()].filter(each => each.endsWith('.weight')).map(each => each.slice(0, -'.weight'.length));
			expect(paths.map(each => parseLoraName(`${name}${each.replaceAll('.', '_')}.lora_down.weight`)?.path).filter((each, i) => each !== paths[i] && !/norm|embeddings/.test(paths[i]))).toEqual([]);
		}
		await write({'lora_unet_mid_block_attentions_0_proj_in.lora_down.weight': [2, 6, 1, 1], 'lora_unet_mid_block_attentions_0_proj_in.lora_up.weight': [8, 2, 1, 1], 'lora_unet_mid_block_attentions_0_proj_in.alpha': []});
		const {modules, close} = await openLora(file());
		await close();
		expect(modules).toMatchObject([{network: 'unet', path: 'mid_block.attentions.0.proj_in', rank: 2, alpha: 1}]);
	});

	it.each(['lora_unet_input_blocks_4_1_proj_in', 'lora_te_resblocks_0_mlp_fc1', 'unet.layers.0.to_q', 'base_model.model.to_q'])('with the names of another layout is refused: %s', async module => {
		await write({[`${module}.lora_down.weight`]: [2, 6], [`${module}.lora_up.weight`]: [8, 2], [`${module}.lora_A.weight`]: [2, 6], [`${module}.lora_B.weight`]: [8, 2]});
		await expect(openLora(file())).rejects.toThrow('are no LoRA of a module of this model');
	});

	it('whose halves do not fit each other is refused', async () => {
		await write({'unet.mid_block.attentions.0.proj_in.lora_A.weight': [2, 6], 'unet.mid_block.attentions.0.proj_in.lora_B.weight': [8, 3]});
		await expect(openLora(file())).rejects.toThrow('has the shapes [2,6] and [8,3], which do not fit each other');
	});
});
