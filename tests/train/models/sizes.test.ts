import {describe, expect, it} from 'vitest';
import {declareAutoencoder} from '../../golden/autoencoder.ts';
import {declareTextEncoder} from '../../golden/clip.ts';
import {declareUnet} from '../../golden/unet.ts';
import {parseTextEncoderConfig, parseUNetConfig, parseVaeConfig} from '../../../src/train/weights/index.ts';
import type {Declaration} from '../../../src/train/nn/index.ts';

const values = (declarations: readonly Declaration[]) => declarations.reduce((total, {shape}) => total + shape.reduce((product, n) => product * n, 1), 0);

const fourLevels = Array.from({length: 4}, () => 'DownEncoderBlock2D');

describe('a network of the published size has as many tensors and values as the published one', () => {
	it.each([
		['UNet of SD 1', () => declareUnet(parseUNetConfig({cross_attention_dim: 768})), 686, 859_520_964],
		['UNet of SD 2', () => declareUnet(parseUNetConfig({cross_attention_dim: 1024, attention_head_dim: [5, 10, 20, 20], use_linear_projection: true})), 686, 865_910_724],
		[
			'autoencoder',
			() => declareAutoencoder(parseVaeConfig({block_out_channels: [128, 256, 512, 512], layers_per_block: 2, down_block_types: fourLevels, up_block_types: fourLevels.map(() => 'UpDecoderBlock2D')})),
			248,
			83_653_863,
		],
		['text encoder of SD 1', () => declareTextEncoder(parseTextEncoderConfig({hidden_size: 768, intermediate_size: 3072, num_hidden_layers: 12, num_attention_heads: 12})), 196, 123_060_480],
		['text encoder of SD 2', () => declareTextEncoder(parseTextEncoderConfig({hidden_size: 1024, intermediate_size: 4096, num_hidden_layers: 23, num_attention_heads: 16, hidden_act: 'gelu'})), 372, 340_387_840],
	])('%s', (_, declare, tensors, size) => {
		const declarations = declare();
		expect(declarations.length).toBe(tensors);
		expect(values(declarations)).toBe(size);
	});
});
