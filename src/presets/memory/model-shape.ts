/** The sizes of a Stable Diffusion model that decide how much memory it takes. Names follow the config files of diffusers. */
export interface ModelShape {
	readonly unet: UNetShape;
	readonly textEncoder: TextEncoderShape;
	readonly autoencoder: AutoencoderShape;
}

export interface UNetShape {
	readonly inChannels: number;
	readonly outChannels: number;
	/** Channels per level, finest first. */
	readonly blockOutChannels: readonly number[];
	/** Resnets per down block; up blocks have one more. */
	readonly layersPerBlock: number;
	/** Whether the down block of a level has transformers, finest level first. */
	readonly downAttention: readonly boolean[];
	/** Of the up blocks, in the order they run: coarsest level first. */
	readonly upAttention: readonly boolean[];
	/** Width of the text states. */
	readonly crossAttentionDim: number;
	/** Attention heads per level, finest first; the middle has those of the coarsest. */
	readonly attentionHeads: readonly number[];
}

export interface TextEncoderShape {
	readonly vocabSize: number;
	readonly hiddenSize: number;
	readonly intermediateSize: number;
	readonly layers: number;
	readonly heads: number;
	/** Tokens of a prompt, with those at its ends. */
	readonly tokens: number;
}

export interface AutoencoderShape {
	readonly latentChannels: number;
	/** Channels per level, finest first. */
	readonly blockOutChannels: readonly number[];
	/** Resnets per encoder block; decoder blocks have one more. */
	readonly layersPerBlock: number;
}

/** Pixels per latent position along one side. */
export const autoencoderFactor = ({blockOutChannels}: AutoencoderShape): number => 2 ** (blockOutChannels.length - 1);

const crossAttention = [true, true, true, false];
const sdAutoencoder: AutoencoderShape = {latentChannels: 4, blockOutChannels: [128, 256, 512, 512], layersPerBlock: 2};
const sdUnet = {inChannels: 4, outChannels: 4, blockOutChannels: [320, 640, 1280, 1280], layersPerBlock: 2, downAttention: crossAttention, upAttention: crossAttention.toReversed()};

/** Stable Diffusion as published. */
export const publishedShapes = {
	sd15: {
		unet: {...sdUnet, crossAttentionDim: 768, attentionHeads: [8, 8, 8, 8]},
		textEncoder: {vocabSize: 49_408, hiddenSize: 768, intermediateSize: 3072, layers: 12, heads: 12, tokens: 77},
		autoencoder: sdAutoencoder,
	},
	sd21: {
		unet: {...sdUnet, crossAttentionDim: 1024, attentionHeads: [5, 10, 20, 20]},
		textEncoder: {vocabSize: 49_408, hiddenSize: 1024, intermediateSize: 4096, layers: 23, heads: 16, tokens: 77},
		autoencoder: sdAutoencoder,
	},
} as const satisfies Record<string, ModelShape>;

/** What the config files of a diffusers folder hold. */
export interface ModelConfigs {
	readonly unet: unknown;
	readonly textEncoder: unknown;
	readonly autoencoder: unknown;
}

/** The shape that config files describe. What a file leaves out or has wrong has the default of diffusers; whether the model can be trained at all is checked elsewhere. */
export const shapeFromConfigs = (configs: ModelConfigs): ModelShape => {
	const [unet, text, vae] = [configs.unet, configs.textEncoder, configs.autoencoder] as ConfigFile[];
	const channels = sizes(unet.block_out_channels) ?? [320, 640, 1280, 1280];
	const {length: levels} = channels;
	const each = (value: unknown, preset: number) => sizes(value) ?? Array.from({length: levels}, () => size(value, preset));
	return {
		unet: {
			inChannels: size(unet.in_channels, 4),
			outChannels: size(unet.out_channels, 4),
			blockOutChannels: channels,
			layersPerBlock: layers(each(unet.layers_per_block, 2)[0], 2),
			downAttention: attention(unet.down_block_types, levels) ?? crossAttention,
			upAttention: attention(unet.up_block_types, levels) ?? crossAttention.toReversed(),
			crossAttentionDim: each(unet.cross_attention_dim, 1280)[0],
			// Upstream's name says head width, its meaning is the number of heads.
			attentionHeads: each(unet.attention_head_dim, 8),
		},
		textEncoder: {
			vocabSize: size(text.vocab_size, 49_408),
			hiddenSize: size(text.hidden_size, 512),
			intermediateSize: size(text.intermediate_size, 2048),
			layers: layers(text.num_hidden_layers, 12),
			heads: size(text.num_attention_heads, 8),
			tokens: size(text.max_position_embeddings, 77),
		},
		autoencoder: {
			latentChannels: size(vae.latent_channels, 4),
			blockOutChannels: sizes(vae.block_out_channels) ?? [64],
			layersPerBlock: layers(each(vae.layers_per_block, 1)[0], 1),
		},
	};
};

type ConfigFile = Readonly<Record<string, unknown>>;

/** Beyond these no plan would end. */
const [LARGEST, MOST_LAYERS, MOST_LEVELS] = [2 ** 24, 100, 12];

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= LARGEST;
const size = (value: unknown, preset: number): number => (isSize(value) ? value : preset);
const layers = (value: unknown, preset: number): number => Math.min(size(value, preset), MOST_LAYERS);
const sizes = (value: unknown): readonly number[] | undefined => (Array.isArray(value) && value.length > 0 && value.length <= MOST_LEVELS && value.every(isSize) ? value : undefined);
const attention = (types: unknown, levels: number): readonly boolean[] | undefined => (Array.isArray(types) && types.length === levels ? types.map(type => typeof type === 'string' && type.startsWith('CrossAttn')) : undefined);
