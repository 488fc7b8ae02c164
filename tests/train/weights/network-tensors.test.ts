import path from 'node:path';
import {readFile} from 'node:fs/promises';
import {describe, expect, it} from 'vitest';
import {declareNetworks} from '../../../src/train/stable-diffusion.ts';
import {networkTensors, parseTextEncoderConfig, parseUNetConfig, parseVaeConfig} from '../../../src/train/weights/index.ts';

const fixtures = new URL('../../fixtures', import.meta.url).pathname;
const config = async (folder: string): Promise<unknown> => JSON.parse(await readFile(path.join(fixtures, folder, 'config.json'), 'utf8'));

describe('the tensors that a config asks for', () => {
	it.each([
		['SD 1', 'unet-sd1', 'vae', 'clip-quick-gelu'],
		['SD 2', 'unet-sd2', 'vae-old-keys', 'clip-gelu'],
		['another number of levels and layers', 'unet-tiny', 'vae-small-variance', 'clip-small-variance'],
	])('are those that the networks of %s use', async (_, unet, vae, text) => {
		const configs = {unetConfig: parseUNetConfig(await config(unet)), vaeConfig: parseVaeConfig(await config(vae)), textEncoderConfig: parseTextEncoderConfig(await config(text))};
		const declared = declareNetworks(configs);
		const listed = networkTensors(configs);
		for (const network of ['unet', 'vae', 'textEncoder'] as const) {
			expect(new Map([...listed[network]].map(([name, {shape}]) => [name, [...shape]]))).toEqual(new Map(declared[network].map(({name, shape}) => [name, [...shape]])));
		}
	});

	it('are as many as published models have', () => {
		const listed = networkTensors({
			unetConfig: parseUNetConfig({block_out_channels: [320, 640, 1280, 1280], cross_attention_dim: 768}),
			vaeConfig: parseVaeConfig({block_out_channels: [128, 256, 512, 512], layers_per_block: 2, down_block_types: Array(4).fill('DownEncoderBlock2D'), up_block_types: Array(4).fill('UpDecoderBlock2D')}),
			textEncoderConfig: parseTextEncoderConfig({hidden_size: 768, intermediate_size: 3072, num_attention_heads: 12}),
		});
		const parameters = (network: keyof typeof listed) => [...listed[network].values()].reduce((sum, {shape}) => sum + shape.reduce((a, b) => a * b, 1), 0);
		expect([listed.unet.size, listed.vae.size, listed.textEncoder.size]).toEqual([686, 248, 196]);
		expect([parameters('unet'), parameters('vae'), parameters('textEncoder')]).toEqual([859_520_964, 83_653_863, 123_060_480]);
	});
});
