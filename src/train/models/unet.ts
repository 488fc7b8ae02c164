import type {Tensor} from '@tensorflow/tfjs';
import {add, addPerChannel, attention, checkpoint, concatChannels, conv2d, geglu, groupNorm, layerNorm, linear, pointwise, reshape, resizeNearest, silu, sinusoidal, type Scope} from '../nn/index.ts';
import type {UNetConfig} from '../weights/index.ts';

export interface UNetInputs {
	/** Noisy latents, [batch, height, width, 4]. */
	readonly sample: Tensor;
	/** [batch], float32; may be fractional. */
	readonly timesteps: Tensor;
	/** Text states, [batch, tokens, crossAttentionDim]. */
	readonly context: Tensor;
}

/** What every block needs besides the image. */
interface Conditions {
	readonly config: UNetConfig;
	/** silu(time embedding), [batch, 4·C0]: each resnet begins with the same silu, so it is taken once. */
	readonly time: Tensor;
	readonly context: Tensor;
}

/** GroupNorm of a transformer; the resnets' epsilon comes from the config. */
const TRANSFORMER_NORM_EPSILON = 1e-6;
const LAYER_NORM_EPSILON = 1e-5;

/**
 * The UNet of Stable Diffusion 1 and 2 (Rombach et al. 2022; diffusers' UNet2DConditionModel). Predicts noise, or v, of
 * the latents' shape. Scopes are the modules of the checkpoint.
 */
export const unet = (config: UNetConfig) => (p: Scope, {sample, timesteps, context}: UNetInputs): Tensor => {
	const {blockOutChannels, normNumGroups, normEps, outChannels} = config;
	const conditions = {config, time: silu(timeEmbedding(p, timesteps, config)), context};

	let h = seen(p.at('conv_in'), conv2d(p.at('conv_in'), sample, {out: blockOutChannels[0], kernel: 3}));
	const skips = [h];
	for (const level of blockOutChannels.keys()) h = downBlock(p.at('down_blocks').at(level), h, skips, level, conditions);
	h = midBlock(p.at('mid_block'), h, conditions);
	for (const block of blockOutChannels.keys()) h = upBlock(p.at('up_blocks').at(block), h, skips, block, conditions);

	h = seen(p.at('conv_act'), groupNorm(p.at('conv_norm_out'), h, {groups: normNumGroups, epsilon: normEps, activation: 'silu'}));
	return seen(p.at('conv_out'), conv2d(p.at('conv_out'), h, {out: outChannels, kernel: 3}));
};

/** The attentions of an image's pixels among themselves, coarser from level to level: sizes of one image's latents of this height and width. */
export const selfAttentions = ({blockOutChannels, attentionHeads, downBlockTypes}: UNetConfig, {height, width}: {height: number; width: number}): {n: number; heads: number; width: number}[] =>
	blockOutChannels.flatMap((channels, level) => {
		const n = Math.ceil(height / 2 ** level) * Math.ceil(width / 2 ** level);
		return downBlockTypes[level] === 'CrossAttnDownBlock2D' ? [{n, heads: attentionHeads[level], width: channels / attentionHeads[level]}] : [];
	});

function timeEmbedding(p: Scope, timesteps: Tensor, {blockOutChannels: [width], flipSinToCos, freqShift}: UNetConfig): Tensor {
	const waves = seen(p.at('time_proj'), sinusoidal(timesteps, {width, flipSinToCos, frequencyShift: freqShift}));
	const mlp = p.at('time_embedding');
	return seen(mlp, linear(mlp.at('linear_2'), silu(linear(mlp.at('linear_1'), waves, {out: 4 * width})), {out: 4 * width}));
}

/** Pushes what the up blocks will join on `skips`. */
function downBlock(p: Scope, x: Tensor, skips: Tensor[], level: number, conditions: Conditions): Tensor {
	const {blockOutChannels, layersPerBlock, downBlockTypes} = conditions.config;
	const out = blockOutChannels[level];
	let h = x;
	for (let layer = 0; layer < layersPerBlock; layer++) {
		h = resnet(p.at('resnets').at(layer), h, out, conditions);
		if (downBlockTypes[level] === 'CrossAttnDownBlock2D') h = transformer(p.at('attentions').at(layer), h, level, conditions);
		skips.push(h);
	}
	if (level < blockOutChannels.length - 1) {
		const sampler = p.at('downsamplers').at(0);
		h = seen(sampler, conv2d(sampler.at('conv'), h, {out, kernel: 3, stride: 2, padding: 'symmetric'}));
		skips.push(h);
	}
	return seen(p, h);
}

function midBlock(p: Scope, x: Tensor, conditions: Conditions): Tensor {
	const level = conditions.config.blockOutChannels.length - 1;
	const out = conditions.config.blockOutChannels[level];
	const first = resnet(p.at('resnets').at(0), x, out, conditions);
	return seen(p, resnet(p.at('resnets').at(1), transformer(p.at('attentions').at(0), first, level, conditions), out, conditions));
}

/** `block` counts in the order of execution, from the coarsest level. */
function upBlock(p: Scope, x: Tensor, skips: Tensor[], block: number, conditions: Conditions): Tensor {
	const {blockOutChannels, layersPerBlock, upBlockTypes} = conditions.config;
	const level = blockOutChannels.length - 1 - block;
	const out = blockOutChannels[level];
	let h = x;
	for (let layer = 0; layer <= layersPerBlock; layer++) {
		h = resnet(p.at('resnets').at(layer), concatChannels(h, skips.pop() as Tensor), out, conditions);
		if (upBlockTypes[block] === 'CrossAttnUpBlock2D') h = transformer(p.at('attentions').at(layer), h, level, conditions);
	}
	if (block < blockOutChannels.length - 1) {
		// To the size of the skip that comes next: twice the size, or one less where the side was odd.
		const [, height, width] = (skips.at(-1) as Tensor).shape;
		const sampler = p.at('upsamplers').at(0);
		h = seen(sampler, conv2d(sampler.at('conv'), resizeNearest(h, [height, width]), {out, kernel: 3}));
	}
	return seen(p, h);
}

/** x + conv(silu(norm(conv(silu(norm(x))) + time))). */
function resnet(p: Scope, x: Tensor, out: number, {config, time}: Conditions): Tensor {
	const norm = {groups: config.normNumGroups, epsilon: config.normEps, activation: 'silu'} as const;
	const channels = x.shape[x.rank - 1];
	const made = checkpoint(p, [x, time], (p, [x, time]) => {
		let h = conv2d(p.at('conv1'), groupNorm(p.at('norm1'), x, norm), {out, kernel: 3});
		h = addPerChannel(h, linear(p.at('time_emb_proj'), time, {out}));
		h = conv2d(p.at('conv2'), groupNorm(p.at('norm2'), h, norm), {out, kernel: 3});
		return add(channels === out ? x : pointwise(p.at('conv_shortcut'), x, {out}), h);
	});
	return seen(p, made);
}

/** Self-attention, attention to the text and a feed-forward network over the pixels as tokens, around which x is added. */
function transformer(p: Scope, x: Tensor, level: number, {config, context}: Conditions): Tensor {
	const [batch, height, width, channels] = x.shape;
	const project = (p: Scope, h: Tensor) => (config.useLinearProjection ? linear(p, h, {out: channels}) : pointwise(p, h, {out: channels}));
	const normed = groupNorm(p.at('norm'), x, {groups: config.normNumGroups, epsilon: TRANSFORMER_NORM_EPSILON});
	const tokens = project(p.at('proj_in'), reshape(normed, [batch, height * width, channels]));
	const mixed = transformerBlock(p.at('transformer_blocks').at(0), tokens, context, config.attentionHeads[level]);
	return seen(p, add(x, reshape(project(p.at('proj_out'), mixed), [batch, height, width, channels])));
}

function transformerBlock(p: Scope, x: Tensor, context: Tensor, heads: number): Tensor {
	const norm = {epsilon: LAYER_NORM_EPSILON};
	const made = checkpoint(p, [x, context], (p, [x, context]) => {
		const own = layerNorm(p.at('norm1'), x, norm);
		let h = add(x, attend(p.at('attn1'), own, own, heads));
		h = add(h, attend(p.at('attn2'), layerNorm(p.at('norm2'), h, norm), context, heads));
		return add(h, feedForward(p.at('ff'), layerNorm(p.at('norm3'), h, norm)));
	});
	return seen(p, made);
}

/** Queries from x, keys and values from `source`: [batch, n, channels], [batch, m, width] -> as x. */
function attend(p: Scope, x: Tensor, source: Tensor, heads: number): Tensor {
	const out = x.shape[x.rank - 1];
	const projected = (name: string, from: Tensor) => linear(p.at(name), from, {out, bias: false});
	const mixed = attention(projected('to_q', x), projected('to_k', source), projected('to_v', source), {heads});
	return seen(p, linear(p.at('to_out').at(0), mixed, {out}));
}

function feedForward(p: Scope, x: Tensor): Tensor {
	const out = x.shape[x.rank - 1];
	const net = p.at('net');
	return seen(p, linear(net.at(2), geglu(linear(net.at(0).at('proj'), x, {out: 8 * out})), {out}));
}

/** Shows a module's output to whoever observes the scope. */
function seen(p: Scope, output: Tensor): Tensor {
	p.observer?.(p.path, output);
	return output;
}
