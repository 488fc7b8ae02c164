import type {AutoencoderShape, TextEncoderShape, UNetShape} from './model-shape.ts';

/**
 * A piece of a network that runs as one: what it holds in parameters, and the sizes that its activations follow from. In the
 * order of the forward pass; the backward pass goes through them from the end.
 */
export interface Unit {
	readonly kind: 'resnet' | 'transformer' | 'convolution' | 'text-layer' | 'other';
	readonly parameters: number;
	/** Parameters of its largest tensor. */
	readonly largestTensor: number;
	/** Parameters of its LoRA pairs of one rank; absent where there are none. */
	readonly perRank?: PairsPerRank;
	/** Pixels of the latent, or tokens. */
	readonly positions: number;
	readonly channelsIn: number;
	readonly channelsOut: number;
	readonly attention?: {
		readonly heads: number;
		/** Positions that each position attends to: its own image or text, and the prompt. */
		readonly keys: readonly number[];
	};
}

/** Of the linear maps around attention, of the other linear maps, of the 3x3 convolutions. */
export interface PairsPerRank {
	readonly attention: number;
	readonly linear: number;
	readonly convolution: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
export const parametersOf = (units: readonly Unit[]): number => sum(units.map(({parameters}) => parameters));

/** Parameters of the LoRA pairs of a unit. Targets as of the setting: attention only, all linear maps of the transformers, convolutions too. */
export const pairParametersOf = ({perRank = {attention: 0, linear: 0, convolution: 0}}: Unit, {rank, targets}: {readonly rank: number; readonly targets: string}): number => {
	const {attention, linear, convolution} = perRank;
	return rank * (attention + (targets === 'attention' ? 0 : linear) + (targets === 'all' ? convolution : 0));
};

const convolution = (channelsIn: number, channelsOut: number): number => 9 * channelsIn * channelsOut + channelsOut;
const linear = (channelsIn: number, channelsOut: number): number => channelsIn * channelsOut + channelsOut;
/** The inner factor keeps the kernel, the outer one is 1x1 (kohya's layout). */
const convolutionPerRank = (channelsIn: number, channelsOut: number): number => 9 * channelsIn + channelsOut;

/** The UNet (model structure: diffusers' UNet2DConditionModel) for latents of height times width and a prompt of `tokens`. */
export const unetUnits = (shape: UNetShape, {height, width, tokens}: {height: number; width: number; tokens: number}): readonly Unit[] => {
	const {blockOutChannels, layersPerBlock, inChannels, outChannels, downAttention, upAttention, crossAttentionDim, attentionHeads} = shape;
	const [first] = blockOutChannels;
	const timeWidth = 4 * first;
	const {length: levels} = blockOutChannels;
	const positionsAt = (level: number) => Math.ceil(height / 2 ** level) * Math.ceil(width / 2 ** level);

	const resnet = (level: number, channelsIn: number, channelsOut: number): Unit => ({
		kind: 'resnet',
		parameters: 2 * channelsIn + convolution(channelsIn, channelsOut) + linear(timeWidth, channelsOut) + 2 * channelsOut + convolution(channelsOut, channelsOut)
			+ (channelsIn === channelsOut ? 0 : linear(channelsIn, channelsOut)),
		largestTensor: 9 * Math.max(channelsIn, channelsOut) * channelsOut,
		perRank: {attention: 0, linear: 0, convolution: convolutionPerRank(channelsIn, channelsOut) + convolutionPerRank(channelsOut, channelsOut)},
		positions: positionsAt(level),
		channelsIn,
		channelsOut,
	});
	const transformer = (level: number): Unit => {
		const c = blockOutChannels[level];
		const square = c * c;
		return {
			kind: 'transformer',
			// Norms; in and out; attention to itself; attention to the prompt; feed-forward.
			parameters: 8 * c + 2 * (square + c) + (4 * square + c) + (2 * square + 2 * c * crossAttentionDim + c) + linear(c, 8 * c) + linear(4 * c, c),
			largestTensor: 8 * square,
			perRank: {attention: 4 * 2 * c + 2 * 2 * c + 2 * (c + crossAttentionDim), linear: 2 * 2 * c + 9 * c + 5 * c, convolution: 0},
			positions: positionsAt(level),
			channelsIn: c,
			channelsOut: c,
			attention: {heads: attentionHeads[level], keys: [positionsAt(level), tokens]},
		};
	};
	const between = (level: number, channels: number): Unit => ({
		kind: 'convolution',
		parameters: convolution(channels, channels),
		largestTensor: 9 * channels * channels,
		perRank: {attention: 0, linear: 0, convolution: convolutionPerRank(channels, channels)},
		positions: positionsAt(level),
		channelsIn: channels,
		channelsOut: channels,
	});

	const units: Unit[] = [
		{kind: 'other', parameters: linear(first, timeWidth) + linear(timeWidth, timeWidth), largestTensor: timeWidth * timeWidth, positions: 1, channelsIn: first, channelsOut: timeWidth},
		{kind: 'convolution', parameters: convolution(inChannels, first), largestTensor: 9 * inChannels * first, positions: positionsAt(0), channelsIn: inChannels, channelsOut: first},
	];
	const skips = [first];
	let channels = first;
	for (const [level, out] of blockOutChannels.entries()) {
		for (let layer = 0; layer < layersPerBlock; layer++) {
			units.push(resnet(level, channels, out), ...(downAttention[level] ? [transformer(level)] : []));
			channels = out;
			skips.push(channels);
		}
		if (level < levels - 1) {
			units.push(between(level, channels));
			skips.push(channels);
		}
	}
	const last = levels - 1;
	units.push(resnet(last, channels, channels), transformer(last), resnet(last, channels, channels));
	for (const [block, attends] of upAttention.entries()) {
		const level = last - block;
		const out = blockOutChannels[level];
		for (let layer = 0; layer <= layersPerBlock; layer++) {
			units.push(resnet(level, channels + (skips.pop() ?? 0), out), ...(attends ? [transformer(level)] : []));
			channels = out;
		}
		if (level > 0) units.push(between(level - 1, channels));
	}
	units.push({kind: 'convolution', parameters: 2 * first + convolution(first, outChannels), largestTensor: 9 * first * outChannels, positions: positionsAt(0), channelsIn: 2 * first, channelsOut: outChannels});
	return units;
};

/** CLIP's text encoder; one prompt. */
export const textEncoderUnits = ({vocabSize, hiddenSize, intermediateSize, layers, heads, tokens}: TextEncoderShape): readonly Unit[] => [
	{kind: 'other', parameters: (vocabSize + tokens) * hiddenSize, largestTensor: vocabSize * hiddenSize, positions: tokens, channelsIn: 1, channelsOut: hiddenSize},
	...Array.from({length: layers}, (): Unit => ({
		kind: 'text-layer',
		parameters: 4 * hiddenSize + 4 * linear(hiddenSize, hiddenSize) + linear(hiddenSize, intermediateSize) + linear(intermediateSize, hiddenSize),
		largestTensor: hiddenSize * intermediateSize,
		perRank: {attention: 4 * 2 * hiddenSize, linear: 2 * (hiddenSize + intermediateSize), convolution: 0},
		positions: tokens,
		channelsIn: hiddenSize,
		channelsOut: intermediateSize,
		attention: {heads, keys: [tokens]},
	})),
	{kind: 'other', parameters: 2 * hiddenSize, largestTensor: hiddenSize, positions: tokens, channelsIn: hiddenSize, channelsOut: hiddenSize},
];

/** Both halves of the autoencoder (diffusers' AutoencoderKL) together. */
export const autoencoderParameters = ({latentChannels, blockOutChannels, layersPerBlock}: AutoencoderShape): number => {
	const resnet = (channelsIn: number, channelsOut: number) =>
		2 * channelsIn + convolution(channelsIn, channelsOut) + 2 * channelsOut + convolution(channelsOut, channelsOut) + (channelsIn === channelsOut ? 0 : linear(channelsIn, channelsOut));
	const half = (channels: readonly number[], layers: number): number => {
		let width = channels[0];
		return sum(channels.map((out, level) => {
			const resnets = sum(Array.from({length: layers}, (_, layer) => resnet(layer === 0 ? width : out, out)));
			width = out;
			return resnets + (level < channels.length - 1 ? convolution(out, out) : 0);
		}));
	};
	const [finest] = blockOutChannels;
	const coarsest = blockOutChannels[blockOutChannels.length - 1];
	const middle = 2 * resnet(coarsest, coarsest) + 2 * coarsest + 4 * linear(coarsest, coarsest);
	const moments = 2 * latentChannels;
	const encoder = convolution(3, finest) + half(blockOutChannels, layersPerBlock) + middle + 2 * coarsest + convolution(coarsest, moments) + linear(moments, moments);
	const decoder = linear(latentChannels, latentChannels) + convolution(latentChannels, coarsest) + middle + half(blockOutChannels.toReversed(), layersPerBlock + 1) + 2 * finest + convolution(finest, 3);
	return encoder + decoder;
};
