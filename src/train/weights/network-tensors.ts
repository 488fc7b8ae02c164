import type {TextEncoderConfig, UNetConfig, VaeConfig} from './configs.ts';
import type {Network} from './network-files.ts';

/** Shapes as on disk, by name. */
export type TensorShapes = ReadonlyMap<string, {readonly shape: readonly number[]}>;

type Layers = [name: string, shape: readonly number[]][];

/**
 * Every tensor that models with these configs have, under diffusers' names. The networks say the same of themselves when they are
 * traced, which takes TensorFlow; a test holds the two together. Files are opened, converted and shown with this.
 */
export const networkTensors = ({unetConfig, vaeConfig, textEncoderConfig}: {readonly unetConfig: UNetConfig; readonly vaeConfig: VaeConfig; readonly textEncoderConfig: TextEncoderConfig}): Record<Network, TensorShapes> => ({
	unet: shapes(unetLayers(unetConfig)),
	vae: shapes(vaeLayers(vaeConfig)),
	textEncoder: shapes(textEncoderLayers(textEncoderConfig)),
});

const shapes = (layers: Layers): TensorShapes => new Map(layers.map(([name, shape]) => [name, {shape}]));

const weighted = (name: string, ...shape: number[]): Layers => [[`${name}.weight`, shape], [`${name}.bias`, [shape[0]]]];
const norm = weighted;
const linear = weighted;
const convolution = (name: string, out: number, into: number, kernel = 3): Layers => weighted(name, out, into, kernel, kernel);
const each = (count: number, make: (i: number) => Layers): Layers => Array.from({length: count}, (_, i) => make(i)).flat();

/** @param time width of the time embedding, of a UNet's */
const resnet = (name: string, into: number, out: number, time?: number): Layers => [
	...norm(`${name}.norm1`, into),
	...convolution(`${name}.conv1`, out, into),
	...(time === undefined ? [] : linear(`${name}.time_emb_proj`, out, time)),
	...norm(`${name}.norm2`, out),
	...convolution(`${name}.conv2`, out, out),
	...(into === out ? [] : convolution(`${name}.conv_shortcut`, out, into, 1)),
];

function transformer(name: string, width: number, {crossAttentionDim, useLinearProjection}: UNetConfig): Layers {
	const projection = (part: string): Layers => (useLinearProjection ? linear(`${name}.${part}`, width, width) : convolution(`${name}.${part}`, width, width, 1));
	const block = `${name}.transformer_blocks.0`;
	const attention = (part: string, context: number): Layers => [
		[`${block}.${part}.to_q.weight`, [width, width]],
		[`${block}.${part}.to_k.weight`, [width, context]],
		[`${block}.${part}.to_v.weight`, [width, context]],
		...linear(`${block}.${part}.to_out.0`, width, width),
	];
	return [
		...norm(`${name}.norm`, width),
		...projection('proj_in'),
		...norm(`${block}.norm1`, width),
		...attention('attn1', width),
		...norm(`${block}.norm2`, width),
		...attention('attn2', crossAttentionDim),
		...norm(`${block}.norm3`, width),
		...linear(`${block}.ff.net.0.proj`, 8 * width, width),
		...linear(`${block}.ff.net.2`, width, 4 * width),
		...projection('proj_out'),
	];
}

function unetLayers(config: UNetConfig): Layers {
	const {blockOutChannels: channels, layersPerBlock: layers} = config;
	const [first, last, levels] = [channels[0], channels.at(-1)!, channels.length];
	const time = 4 * first;
	const up = channels.toReversed();
	return [
		...convolution('conv_in', first, config.inChannels),
		...linear('time_embedding.linear_1', time, first),
		...linear('time_embedding.linear_2', time, time),
		...each(levels, i => [
			...each(layers, j => resnet(`down_blocks.${i}.resnets.${j}`, j === 0 ? channels[Math.max(i - 1, 0)] : channels[i], channels[i], time)),
			...(config.downBlockTypes[i] === 'CrossAttnDownBlock2D' ? each(layers, j => transformer(`down_blocks.${i}.attentions.${j}`, channels[i], config)) : []),
			...(i < levels - 1 ? convolution(`down_blocks.${i}.downsamplers.0.conv`, channels[i], channels[i]) : []),
		]),
		...each(2, j => resnet(`mid_block.resnets.${j}`, last, last, time)),
		...transformer('mid_block.attentions.0', last, config),
		// Each resnet on the way up takes what is below it and what the way down has left: first its own level's, at last the next one's.
		...each(levels, i => [
			...each(layers + 1, j => resnet(`up_blocks.${i}.resnets.${j}`, (j === 0 ? up[Math.max(i - 1, 0)] : up[i]) + (j === layers ? up[Math.min(i + 1, levels - 1)] : up[i]), up[i], time)),
			...(config.upBlockTypes[i] === 'CrossAttnUpBlock2D' ? each(layers + 1, j => transformer(`up_blocks.${i}.attentions.${j}`, up[i], config)) : []),
			...(i < levels - 1 ? convolution(`up_blocks.${i}.upsamplers.0.conv`, up[i], up[i]) : []),
		]),
		...norm('conv_norm_out', first),
		...convolution('conv_out', config.outChannels, first),
	];
}

function vaeLayers({blockOutChannels: channels, layersPerBlock: layers, latentChannels, inChannels, outChannels}: VaeConfig): Layers {
	const [first, last, levels] = [channels[0], channels.at(-1)!, channels.length];
	const up = channels.toReversed();
	const middle = (half: string): Layers => [
		...each(2, j => resnet(`${half}.mid_block.resnets.${j}`, last, last)),
		...norm(`${half}.mid_block.attentions.0.group_norm`, last),
		...['to_q', 'to_k', 'to_v', 'to_out.0'].flatMap(part => linear(`${half}.mid_block.attentions.0.${part}`, last, last)),
	];
	return [
		...convolution('encoder.conv_in', first, inChannels),
		...each(levels, i => [
			...each(layers, j => resnet(`encoder.down_blocks.${i}.resnets.${j}`, j === 0 ? channels[Math.max(i - 1, 0)] : channels[i], channels[i])),
			...(i < levels - 1 ? convolution(`encoder.down_blocks.${i}.downsamplers.0.conv`, channels[i], channels[i]) : []),
		]),
		...middle('encoder'),
		...norm('encoder.conv_norm_out', last),
		...convolution('encoder.conv_out', 2 * latentChannels, last),
		...convolution('quant_conv', 2 * latentChannels, 2 * latentChannels, 1),
		...convolution('post_quant_conv', latentChannels, latentChannels, 1),
		...convolution('decoder.conv_in', last, latentChannels),
		...middle('decoder'),
		...each(levels, i => [
			...each(layers + 1, j => resnet(`decoder.up_blocks.${i}.resnets.${j}`, j === 0 ? up[Math.max(i - 1, 0)] : up[i], up[i])),
			...(i < levels - 1 ? convolution(`decoder.up_blocks.${i}.upsamplers.0.conv`, up[i], up[i]) : []),
		]),
		...norm('decoder.conv_norm_out', first),
		...convolution('decoder.conv_out', outChannels, first),
	];
}

const textEncoderLayers = ({vocabSize, maxPositionEmbeddings, hiddenSize: width, intermediateSize, numHiddenLayers}: TextEncoderConfig): Layers => [
	['text_model.embeddings.token_embedding.weight', [vocabSize, width]],
	['text_model.embeddings.position_embedding.weight', [maxPositionEmbeddings, width]],
	...each(numHiddenLayers, n => {
		const name = `text_model.encoder.layers.${n}`;
		return [
			...['q_proj', 'k_proj', 'v_proj', 'out_proj'].flatMap(part => linear(`${name}.self_attn.${part}`, width, width)),
			...norm(`${name}.layer_norm1`, width),
			...linear(`${name}.mlp.fc1`, intermediateSize, width),
			...linear(`${name}.mlp.fc2`, width, intermediateSize),
			...norm(`${name}.layer_norm2`, width),
		];
	}),
	...norm('text_model.final_layer_norm', width),
];
