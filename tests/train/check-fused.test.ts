import {expect, it} from 'vitest';
import {layersNotFused} from '../../src/train/check-fused.ts';
import {compile, ops} from '../../src/train/graph/index.ts';
import {selfAttentions} from '../../src/train/models/index.ts';
import {attention} from '../../src/train/nn/index.ts';
import {normals} from '../../src/train/random.ts';
import {parseUNetConfig} from '../../src/train/weights/index.ts';

const sd15 = parseUNetConfig({
	_class_name: 'UNet2DConditionModel', in_channels: 4, out_channels: 4, sample_size: 64, cross_attention_dim: 768, attention_head_dim: 8, block_out_channels: [320, 640, 1280, 1280], layers_per_block: 2,
	down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'], up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
});

it('knows the attentions of a UNet over its own pixels', () => {
	expect(selfAttentions(sd15, {height: 64, width: 48})).toEqual([{n: 3072, heads: 8, width: 40}, {n: 768, heads: 8, width: 80}, {n: 192, heads: 8, width: 160}]);
});

it('without a GPU nothing is fused, so nothing has to be tried, and fused attention is attention in chunks', () => {
	expect(layersNotFused(sd15, {height: 64, width: 64}, {mode: 'xla', precision: 'bf16', attention: 'fused'})).toEqual(new Map());
	const shape = [1, 512, 16];
	const spec = {shape, dtype: 'float32'} as const;
	const inputs = Object.fromEntries(['q', 'k', 'v'].map(key => [key, normals(512 * 16, {seed: 1, stream: key})])) as Record<'q' | 'k' | 'v', Float32Array>;
	const [fused, chunked] = (['fused', 'chunked'] as const).map(mode =>
		compile('one', ({q, k, v}) => ({y: ops.toFloat32(attention(q, k, v, {heads: 2}))}), {q: spec, k: spec, v: spec}, {mode: 'graph', attention: mode, attentionChunkBytes: 2 ** 19}).call(inputs).y);
	expect(Buffer.from(fused.buffer).equals(Buffer.from(chunked.buffer))).toBe(true);
});
