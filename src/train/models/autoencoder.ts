import type {Tensor} from '@tensorflow/tfjs';
import {add, attention, conv2d, groupNorm, linear, pointwise, reshape, upsampleNearest2, type Scope} from '../nn/index.ts';
import type {VaeConfig} from '../weights/index.ts';

const NORM_EPSILON = 1e-6;

/**
 * The encoder of the variational autoencoder (diffusers' AutoencoderKL). image: [batch, height, width, 3] in −1 ... 1 ->
 * moments [batch, height/f, width/f, 2·latentChannels]: means, then log-variances.
 */
export const encodeImage = (config: VaeConfig) => (p: Scope, image: Tensor): Tensor => {
	const {blockOutChannels, layersPerBlock, latentChannels} = config;
	const encoder = p.at('encoder');
	let h = conv2d(encoder.at('conv_in'), image, {out: blockOutChannels[0], kernel: 3});
	for (const [level, out] of blockOutChannels.entries()) {
		const block = encoder.at('down_blocks').at(level);
		for (let layer = 0; layer < layersPerBlock; layer++) h = resnet(block.at('resnets').at(layer), h, out, config);
		if (level < blockOutChannels.length - 1) h = conv2d(block.at('downsamplers').at(0).at('conv'), h, {out, kernel: 3, stride: 2, padding: 'bottom-right'});
	}
	h = conv2d(encoder.at('conv_out'), norm(encoder.at('conv_norm_out'), midBlock(encoder.at('mid_block'), h, config), config), {out: 2 * latentChannels, kernel: 3});
	return pointwise(p.at('quant_conv'), h, {out: 2 * latentChannels});
};

/** The decoder. latent: [batch, height, width, latentChannels], no longer scaled -> [batch, height·f, width·f, 3], about −1 ... 1. */
export const decodeLatent = (config: VaeConfig) => (p: Scope, latent: Tensor): Tensor => {
	const {blockOutChannels, layersPerBlock, latentChannels, outChannels} = config;
	const decoder = p.at('decoder');
	const channels = blockOutChannels.toReversed();
	let h = pointwise(p.at('post_quant_conv'), latent, {out: latentChannels});
	h = midBlock(decoder.at('mid_block'), conv2d(decoder.at('conv_in'), h, {out: channels[0], kernel: 3}), config);
	for (const [level, out] of channels.entries()) {
		const block = decoder.at('up_blocks').at(level);
		for (let layer = 0; layer <= layersPerBlock; layer++) h = resnet(block.at('resnets').at(layer), h, out, config);
		if (level < channels.length - 1) h = conv2d(block.at('upsamplers').at(0).at('conv'), upsampleNearest2(h), {out, kernel: 3});
	}
	return conv2d(decoder.at('conv_out'), norm(decoder.at('conv_norm_out'), h, config), {out: outChannels, kernel: 3});
};

const norm = (p: Scope, x: Tensor, {normNumGroups}: VaeConfig) => groupNorm(p, x, {groups: normNumGroups, epsilon: NORM_EPSILON, activation: 'silu'});

function midBlock(p: Scope, x: Tensor, config: VaeConfig): Tensor {
	const channels = x.shape[x.rank - 1];
	const h = attend(p.at('attentions').at(0), resnet(p.at('resnets').at(0), x, channels, config), config);
	return resnet(p.at('resnets').at(1), h, channels, config);
}

function resnet(p: Scope, x: Tensor, out: number, config: VaeConfig): Tensor {
	const channels = x.shape[x.rank - 1];
	let h = conv2d(p.at('conv1'), norm(p.at('norm1'), x, config), {out, kernel: 3});
	h = conv2d(p.at('conv2'), norm(p.at('norm2'), h, config), {out, kernel: 3});
	return add(channels === out ? x : pointwise(p.at('conv_shortcut'), x, {out}), h);
}

/** One head as wide as the image has channels, over all pixels. */
function attend(p: Scope, x: Tensor, {normNumGroups}: VaeConfig): Tensor {
	const [batch, height, width, out] = x.shape;
	const tokens = reshape(groupNorm(p.at('group_norm'), x, {groups: normNumGroups, epsilon: NORM_EPSILON}), [batch, height * width, out]);
	const [q, k, v] = ['to_q', 'to_k', 'to_v'].map(name => linear(p.at(name), tokens, {out}));
	return add(x, reshape(linear(p.at('to_out').at(0), attention(q, k, v, {heads: 1}), {out}), x.shape));
}
