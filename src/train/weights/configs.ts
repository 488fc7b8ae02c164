import {ConfigFields, MOST_LAYERS} from './config-fields.ts';
import {samplerFields, transformersFields} from './passed-over-fields.ts';

/** The UNet's structure: diffusers' `UNet2DConditionModel` in the SD 1 and SD 2 topologies. */
export interface UNetConfig {
	/** Latent channels in and out. */
	readonly inChannels: number;
	readonly outChannels: number;
	/** Channels per level, finest first. The time embedding has four times the first. */
	readonly blockOutChannels: readonly number[];
	/** Resnets per down block; up blocks have one more. */
	readonly layersPerBlock: number;
	/** Finest level first. */
	readonly downBlockTypes: readonly DownBlockType[];
	/** In the order of execution: coarsest level first. */
	readonly upBlockTypes: readonly UpBlockType[];
	/** Width of the text states. */
	readonly crossAttentionDim: number;
	/**
	 * Number of heads per level, finest first; the mid block uses the last. Stored under the name
	 * `attention_head_dim`, which upstream reads as a number of heads.
	 */
	readonly attentionHeads: readonly number[];
	/** proj_in and proj_out of the transformers are linear [C, C]; otherwise 1x1 convolutions [C, C, 1, 1]. */
	readonly useLinearProjection: boolean;
	/** Scores and softmax have to be computed in f32. */
	readonly upcastAttention: boolean;
	readonly normNumGroups: number;
	/** Of the resnets and conv_norm_out. Transformers' GroupNorm has 1e-6, LayerNorm 1e-5. */
	readonly normEps: number;
	/** The sinusoidal time embedding is [cos, sin] rather than [sin, cos]. */
	readonly flipSinToCos: boolean;
	readonly freqShift: number;
}
export type DownBlockType = 'DownBlock2D' | 'CrossAttnDownBlock2D';
export type UpBlockType = 'UpBlock2D' | 'CrossAttnUpBlock2D';

/** diffusers' `AutoencoderKL`. Every GroupNorm has epsilon 1e-6. */
export interface VaeConfig {
	readonly inChannels: number;
	readonly outChannels: number;
	readonly latentChannels: number;
	/** Channels per level, finest first; each level but the last halves the image. */
	readonly blockOutChannels: readonly number[];
	/** Resnets per encoder block; decoder blocks have one more. */
	readonly layersPerBlock: number;
	readonly normNumGroups: number;
	/** Latents are multiplied by this after sampling and divided by it before decoding. */
	readonly scalingFactor: number;
	/** The autoencoder overflows in half precision. */
	readonly forceUpcast: boolean;
}

/** transformers' `CLIPTextModel`. */
export interface TextEncoderConfig {
	readonly vocabSize: number;
	readonly hiddenSize: number;
	readonly intermediateSize: number;
	readonly numHiddenLayers: number;
	readonly numAttentionHeads: number;
	readonly maxPositionEmbeddings: number;
	readonly hiddenAct: 'quick_gelu' | 'gelu';
	readonly layerNormEps: number;
	/** 2 (in old configs) means: the pooled state is at the largest id; otherwise at the first id equal to this. */
	readonly eosTokenId: number;
}

/**
 * What a folder's scheduler says about noise. Fields whose default depends on the sampler are undefined when the
 * folder does not have them: a sampler then uses its own default, an explicit value counts for all samplers.
 */
export interface SchedulerConfig {
	readonly className: string;
	readonly numTrainTimesteps: number;
	readonly betaStart: number;
	readonly betaEnd: number;
	readonly betaSchedule: 'linear' | 'scaled_linear';
	readonly predictionType: 'epsilon' | 'v_prediction';
	readonly rescaleBetasZeroSnr: boolean;
	readonly stepsOffset: number;
	/** Own default: DDIM true, PNDM false. */
	readonly setAlphaToOne: boolean | undefined;
	/** Own default: DDIM and DDPM true (the predicted image is clipped to -1..1); the others never clip. */
	readonly clipSample: boolean | undefined;
	/** Own default: DDIM, DDPM and PNDM leading; Euler, DPM++ and UniPC linspace. */
	readonly timestepSpacing: 'leading' | 'linspace' | 'trailing' | undefined;
	/** Own default: false. */
	readonly useKarrasSigmas: boolean | undefined;
}

/** Absent fields take diffusers' constructor defaults. @throws WeightsError naming every field that is not supported. */
export function parseUNetConfig(json: unknown, file = 'unet/config.json'): UNetConfig {
	const fields = new ConfigFields(json, file);
	const blockOutChannels = fields.integers('block_out_channels', [320, 640, 1280, 1280]);
	const levels = blockOutChannels.length;
	const [crossDown, crossUp] = ['CrossAttnDownBlock2D', 'CrossAttnUpBlock2D'] as const;
	const config: UNetConfig = {
		inChannels: fields.oneOf('in_channels', [4]),
		outChannels: fields.oneOf('out_channels', [4]),
		blockOutChannels,
		layersPerBlock: fields.sameInteger('layers_per_block', 2, levels, {most: MOST_LAYERS}),
		downBlockTypes: fields.words('down_block_types', [crossDown, crossDown, crossDown, 'DownBlock2D'], ['DownBlock2D', crossDown], levels),
		upBlockTypes: fields.words('up_block_types', ['UpBlock2D', crossUp, crossUp, crossUp], ['UpBlock2D', crossUp], levels),
		crossAttentionDim: fields.sameInteger('cross_attention_dim', 1280, levels),
		attentionHeads: fields.integers('attention_head_dim', 8, levels),
		useLinearProjection: fields.flag('use_linear_projection', false),
		upcastAttention: fields.flag('upcast_attention', false),
		normNumGroups: fields.integer('norm_num_groups', 32),
		normEps: fields.number('norm_eps', 1e-5),
		flipSinToCos: fields.flag('flip_sin_to_cos', true),
		freqShift: fields.number('freq_shift', 0, {least: 0}),
	};
	const transformerLayers = fields.sameInteger('transformer_layers_per_block', 1, levels);
	if (transformerLayers !== 1) fields.refuse('transformer_layers_per_block', transformerLayers, '1');
	fields.fixed({
		act_fn: ['silu', 'swish'],
		addition_embed_type: [null],
		attention_type: ['default'],
		center_input_sample: [false],
		class_embed_type: [null],
		class_embeddings_concat: [false],
		conv_in_kernel: [3],
		conv_out_kernel: [3],
		cross_attention_norm: [null],
		downsample_padding: [1],
		dropout: [0],
		dual_cross_attention: [false],
		encoder_hid_dim: [null],
		encoder_hid_dim_type: [null],
		mid_block_only_cross_attention: [null, false],
		mid_block_scale_factor: [1],
		mid_block_type: ['UNetMidBlock2DCrossAttn'],
		num_attention_heads: [null],
		num_class_embeds: [null],
		only_cross_attention: [false],
		resnet_out_scale_factor: [1],
		resnet_skip_time_act: [false],
		resnet_time_scale_shift: ['default'],
		time_cond_proj_dim: [null],
		time_embedding_act_fn: [null],
		time_embedding_dim: [null],
		time_embedding_type: ['positional'],
		timestep_post_act: [null],
	});
	// They only count together with a field that is fixed above (or, the sample size, as a default resolution).
	fields.ignore([
		'addition_embed_type_num_heads',
		'addition_time_embed_dim',
		'projection_class_embeddings_input_dim',
		'reverse_transformer_layers_per_block',
		'sample_size',
	]);
	for (const [level, channels] of blockOutChannels.entries()) {
		const heads = config.attentionHeads[level];
		if (channels % config.normNumGroups !== 0) fields.refuse('norm_num_groups', config.normNumGroups, `a divisor of ${channels} channels`);
		if (channels % heads !== 0) fields.refuse('attention_head_dim', heads, `a divisor of ${channels} channels (it is the number of heads)`);
	}
	fields.finish();
	return config;
}

/** Absent fields take diffusers' constructor defaults. @throws WeightsError naming every field that is not supported. */
export function parseVaeConfig(json: unknown, file = 'vae/config.json'): VaeConfig {
	const fields = new ConfigFields(json, file);
	const blockOutChannels = fields.integers('block_out_channels', [64]);
	const levels = blockOutChannels.length;
	const config: VaeConfig = {
		inChannels: fields.oneOf('in_channels', [3]),
		outChannels: fields.oneOf('out_channels', [3]),
		latentChannels: fields.oneOf('latent_channels', [4]),
		blockOutChannels,
		layersPerBlock: fields.integer('layers_per_block', 1, {most: MOST_LAYERS}),
		normNumGroups: fields.integer('norm_num_groups', 32),
		scalingFactor: fields.number('scaling_factor', 0.18215),
		forceUpcast: fields.flag('force_upcast', true),
	};
	fields.words('down_block_types', ['DownEncoderBlock2D'], ['DownEncoderBlock2D'], levels);
	fields.words('up_block_types', ['UpDecoderBlock2D'], ['UpDecoderBlock2D'], levels);
	fields.fixed({
		act_fn: ['silu', 'swish'],
		latents_mean: [null],
		latents_std: [null],
		mid_block_add_attention: [true],
		shift_factor: [null, 0],
		use_post_quant_conv: [true],
		use_quant_conv: [true],
	});
	fields.ignore(['sample_size']);
	for (const channels of blockOutChannels) {
		if (channels % config.normNumGroups !== 0) fields.refuse('norm_num_groups', config.normNumGroups, `a divisor of ${channels} channels`);
	}
	fields.finish();
	return config;
}

/**
 * Absent fields take transformers' constructor defaults. Settings that every transformers config carries (text
 * generation, labels, data types) do not change this network and are passed over.
 * @throws WeightsError naming every field that is not supported.
 */
export function parseTextEncoderConfig(json: unknown, file = 'text_encoder/config.json'): TextEncoderConfig {
	const fields = new ConfigFields(json, file);
	const config: TextEncoderConfig = {
		vocabSize: fields.integer('vocab_size', 49_408),
		hiddenSize: fields.integer('hidden_size', 512),
		intermediateSize: fields.integer('intermediate_size', 2048),
		numHiddenLayers: fields.integer('num_hidden_layers', 12, {most: MOST_LAYERS}),
		numAttentionHeads: fields.integer('num_attention_heads', 8),
		maxPositionEmbeddings: fields.oneOf('max_position_embeddings', [77]),
		hiddenAct: fields.oneOf('hidden_act', ['quick_gelu', 'gelu']),
		layerNormEps: fields.number('layer_norm_eps', 1e-5),
		eosTokenId: fields.integer('eos_token_id', 49_407, {least: 0}),
	};
	fields.fixed({model_type: ['clip_text_model'], attention_dropout: [0], dropout: [0], quantization_config: [null]});
	fields.ignore(transformersFields);
	if (config.hiddenSize % config.numAttentionHeads !== 0) {
		fields.refuse('num_attention_heads', config.numAttentionHeads, `a divisor of hidden_size ${config.hiddenSize}`);
	}
	fields.finish();
	return config;
}

/** Absent fields take diffusers' defaults. @throws WeightsError naming every field that is not supported. */
export function parseSchedulerConfig(json: unknown, file = 'scheduler/scheduler_config.json'): SchedulerConfig {
	const fields = new ConfigFields(json, file);
	const className = (json as {_class_name?: unknown})._class_name;
	const config: SchedulerConfig = {
		className: typeof className === 'string' ? className : 'DDPMScheduler',
		numTrainTimesteps: fields.integer('num_train_timesteps', 1000),
		betaStart: fields.number('beta_start', 0.0001),
		betaEnd: fields.number('beta_end', 0.02),
		betaSchedule: fields.oneOf('beta_schedule', ['linear', 'scaled_linear']),
		predictionType: fields.oneOf('prediction_type', ['epsilon', 'v_prediction']),
		rescaleBetasZeroSnr: fields.flag('rescale_betas_zero_snr', false),
		stepsOffset: fields.integer('steps_offset', 0, {least: 0}),
		setAlphaToOne: fields.optional('set_alpha_to_one', [true, false]),
		clipSample: fields.optional('clip_sample', [true, false]),
		timestepSpacing: fields.optional('timestep_spacing', ['leading', 'linspace', 'trailing']),
		useKarrasSigmas: fields.optional('use_karras_sigmas', [true, false]),
	};
	fields.fixed({
		clip_sample_range: [1],
		thresholding: [false],
		timestep_type: ['discrete'],
		trained_betas: [null],
		use_flow_sigmas: [false],
	});
	fields.ignore(samplerFields);
	fields.finish();
	return config;
}
