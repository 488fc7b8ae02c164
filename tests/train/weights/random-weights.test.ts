import {describe, expect, it} from 'vitest';
import {resolveBaseModel} from '../../../src/presets/index.ts';
import {randomWeights, readStructure, type LoraNetwork} from '../../../src/train/weights/index.ts';

const structure = await readStructure(resolveBaseModel('demo'));
const networks = {unet: randomWeights('unet', structure, 7), textEncoder: randomWeights('textEncoder', structure, 7)};
const {hiddenSize: width, numHiddenLayers: layers} = structure.textEncoderConfig;
const [first, , last] = structure.unetConfig.blockOutChannels;

function moments(values: Float32Array) {
	const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
	return {mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length), largest: values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)};
}

describe('random weights', () => {
	// torch.nn.Linear and Conv2d: evenly within 1/√inputs, biases too.
	it.each([
		['conv_in.weight', 9 * 4],
		['conv_out.weight', 9 * first],
		['conv_out.bias', 9 * first],
		['mid_block.resnets.0.conv1.weight', 9 * last],
		['mid_block.resnets.0.conv1.bias', 9 * last],
		['mid_block.attentions.0.proj_in.weight', last],
		['mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight', width],
		['mid_block.attentions.0.transformer_blocks.0.ff.net.2.bias', 4 * last],
		['time_embedding.linear_2.weight', 4 * first],
	])('of the UNet lie evenly within 1/√inputs: %s', async (name, inputs) => {
		const values = await networks.unet.readFloat32(name);
		const {mean, deviation, largest} = moments(values);
		const bound = inputs ** -0.5;
		expect(largest).toBeLessThanOrEqual(Math.fround(bound));
		// Five standard errors of n even draws, whose deviation is bound/√3 and whose kurtosis is 1.8.
		expect(Math.abs(mean)).toBeLessThan((5 * bound) / Math.sqrt(3 * values.length));
		if (values.length > 10) expect(Math.abs((deviation * Math.sqrt(3)) / bound - 1)).toBeLessThan(5 * Math.sqrt(0.2 / values.length) + 1 / values.length);
	});

	// transformers' CLIPPreTrainedModel._init_weights with initializer_factor 1.
	it.each([
		['text_model.embeddings.token_embedding.weight', 0.02],
		['text_model.embeddings.position_embedding.weight', 0.02],
		['text_model.encoder.layers.1.self_attn.q_proj.weight', (width * 2 * layers) ** -0.5],
		['text_model.encoder.layers.1.self_attn.k_proj.weight', (width * 2 * layers) ** -0.5],
		['text_model.encoder.layers.1.self_attn.v_proj.weight', (width * 2 * layers) ** -0.5],
		['text_model.encoder.layers.1.self_attn.out_proj.weight', width ** -0.5],
		['text_model.encoder.layers.1.mlp.fc1.weight', (2 * width) ** -0.5],
		['text_model.encoder.layers.1.mlp.fc2.weight', (width * 2 * layers) ** -0.5],
	])('of the text encoder are normal: %s', async (name, expected) => {
		const values = await networks.textEncoder.readFloat32(name);
		const {mean, deviation, largest} = moments(values);
		expect(Math.abs(mean)).toBeLessThan((5 * expected) / Math.sqrt(values.length));
		expect(Math.abs(deviation / expected - 1)).toBeLessThan(5 / Math.sqrt(2 * values.length));
		expect(largest).toBeGreaterThan(3 * expected);
	});

	it('leave normalizations at 1 and 0, and the biases of the text encoder at 0', async () => {
		const constants = async (network: LoraNetwork, wanted: RegExp) => {
			const names = [...networks[network].tensors.keys()].filter(name => wanted.test(name));
			expect(names.length).toBeGreaterThan(4);
			return new Set((await Promise.all(names.map(name => networks[network].readFloat32(name)))).flatMap(values => [...values]));
		};
		expect(await constants('unet', /norm.*\.weight$/)).toEqual(new Set([1]));
		expect(await constants('unet', /norm.*\.bias$/)).toEqual(new Set([0]));
		expect(await constants('textEncoder', /norm.*\.weight$/)).toEqual(new Set([1]));
		expect(await constants('textEncoder', /\.bias$/)).toEqual(new Set([0]));
	});

	it('are the same for the same seed, and others for another seed or another tensor of the same shape', async () => {
		const name = 'text_model.encoder.layers.0.self_attn.q_proj.weight';
		const values = await networks.textEncoder.readFloat32(name);
		expect(await randomWeights('textEncoder', structure, 7).readFloat32(name)).toEqual(values);
		expect(await randomWeights('textEncoder', structure, 8).readFloat32(name)).not.toEqual(values);
		expect(await networks.textEncoder.readFloat32(name.replace('q_proj', 'k_proj'))).not.toEqual(values);
	});

	it('are read in parts like those of a file', async () => {
		const {read} = networks.unet.get('conv_out.bias');
		const [whole, part] = [await read(0, 16), await read(4, 12)];
		expect([...part]).toEqual([...whole.subarray(4, 12)]);
		expect(part.buffer.byteLength).toBe(8);
	});
});
