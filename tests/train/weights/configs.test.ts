import {expect, test} from 'vitest';
import {parseSchedulerConfig, parseTextEncoderConfig, parseUNetConfig, parseVaeConfig, WeightsError} from '../../../src/train/weights/index.ts';

test('an empty UNet config has the reference constructor’s defaults', () => {
	expect(parseUNetConfig({_class_name: 'UNet2DConditionModel'})).toEqual({
		inChannels: 4,
		outChannels: 4,
		blockOutChannels: [320, 640, 1280, 1280],
		layersPerBlock: 2,
		downBlockTypes: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
		upBlockTypes: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
		crossAttentionDim: 1280,
		attentionHeads: [8, 8, 8, 8],
		useLinearProjection: false,
		upcastAttention: false,
		normNumGroups: 32,
		normEps: 1e-5,
		flipSinToCos: true,
		freqShift: 0,
	});
});

test('the SD 2 topology is read: heads per level, linear projections', () => {
	const config = parseUNetConfig({attention_head_dim: [5, 10, 20, 20], use_linear_projection: true, upcast_attention: true, cross_attention_dim: 1024});
	expect(config).toMatchObject({attentionHeads: [5, 10, 20, 20], useLinearProjection: true, upcastAttention: true, crossAttentionDim: 1024});
});

test.each([
	['an inpainting UNet', {in_channels: 9}, 'in_channels is 9; supported: 4'],
	['several transformer layers', {transformer_layers_per_block: [1, 2, 10, 10]}, 'transformer_layers_per_block is [1,2,10,10]; supported: the same value on every level'],
	['two transformer layers', {transformer_layers_per_block: 2}, 'transformer_layers_per_block is 2; supported: 1'],
	['another block type', {down_block_types: ['AttnDownBlock2D', 'DownBlock2D', 'DownBlock2D', 'DownBlock2D']}, 'down_block_types is ["AttnDownBlock2D"'],
	['a number of types that does not fit', {block_out_channels: [32, 64]}, 'supported: a list of 2 (one per level of block_out_channels)'],
	['dropout', {dropout: 0.1}, 'dropout is 0.1; supported: 0'],
	['SDXL’s extra embedding', {addition_embed_type: 'text_time'}, 'addition_embed_type is "text_time"; supported: null'],
	['the ambiguous number of heads', {num_attention_heads: 8}, 'num_attention_heads is 8; supported: null'],
	['heads that do not divide the channels', {attention_head_dim: 7}, 'attention_head_dim is 7; supported: a divisor of 320 channels'],
	['a word for a number', {norm_eps: 'small'}, 'norm_eps is "small"; supported: a number above 0'],
	['more layers than any network has', {layers_per_block: 2 ** 31}, 'layers_per_block is 2147483648; supported: a whole number from 1 to 100'],
	['more levels than any network has', {block_out_channels: Array.from({length: 13}, () => 32)}, 'supported: a list of at most 12 whole numbers'],
	['a value too deep for the stack', {class_embed_type: JSON.parse('['.repeat(1e5) + ']'.repeat(1e5))}, 'class_embed_type is nested too deep to be shown; supported: null'],
	['a field nobody knows', {wavelet_levels: 3}, 'wavelet_levels is 3; this field is unknown here'],
])('%s is refused by name', (_, json, message) => {
	expect(() => parseUNetConfig(json, 'some/unet/config.json')).toThrow(WeightsError);
	expect(() => parseUNetConfig(json, 'some/unet/config.json')).toThrow(message);
	expect(() => parseUNetConfig(json, 'some/unet/config.json')).toThrow('some/unet/config.json');
});

test('all faults of a config are named at once', () => {
	expect(() => parseUNetConfig({in_channels: 9, dropout: 0.1, wavelet_levels: 3})).toThrow(/in_channels[^]*dropout[^]*wavelet_levels/);
});

test('an unknown field that is switched off is passed over', () => {
	expect(parseUNetConfig({wavelet_levels: null, wavelets: false, lists: [], _private: 3}).layersPerBlock).toBe(2);
});

test('an autoencoder has any number of levels and upstream’s scaling factor', () => {
	const types = {down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D'], up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D']};
	expect(parseVaeConfig({...types, block_out_channels: [32, 64]})).toMatchObject({blockOutChannels: [32, 64], layersPerBlock: 1, scalingFactor: 0.18215, normNumGroups: 32});
	expect(() => parseVaeConfig({shift_factor: 0.1})).toThrow('shift_factor is 0.1; supported: null or 0');
	expect(() => parseVaeConfig({latent_channels: 16})).toThrow('latent_channels is 16; supported: 4');
});

test('a text encoder config passes over what every transformers config carries', () => {
	const json = {model_type: 'clip_text_model', hidden_act: 'gelu', eos_token_id: 2, num_beams: 1, id2label: {0: 'LABEL_0'}, top_k: 50, torch_dtype: 'float32', transformers_version: '4.21'};
	expect(parseTextEncoderConfig(json)).toMatchObject({hiddenAct: 'gelu', eosTokenId: 2, vocabSize: 49_408, hiddenSize: 512, layerNormEps: 1e-5});
	expect(() => parseTextEncoderConfig({hidden_act: 'relu'})).toThrow('hidden_act is "relu"; supported: "quick_gelu" or "gelu"');
	expect(() => parseTextEncoderConfig({max_position_embeddings: 248})).toThrow('max_position_embeddings is 248; supported: 77');
	expect(() => parseTextEncoderConfig({quantization_config: {bits: 4}})).toThrow('quantization_config');
});

test('a scheduler tells what the folder says from what it leaves to the sampler', () => {
	const absent = parseSchedulerConfig({_class_name: 'PNDMScheduler', beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear', skip_prk_steps: true});
	expect(absent).toMatchObject({className: 'PNDMScheduler', stepsOffset: 0, predictionType: 'epsilon', timestepSpacing: undefined, clipSample: undefined, setAlphaToOne: undefined});
	const present = parseSchedulerConfig({timestep_spacing: 'leading', clip_sample: false, set_alpha_to_one: false, prediction_type: 'v_prediction', steps_offset: 1});
	expect(present).toMatchObject({timestepSpacing: 'leading', clipSample: false, setAlphaToOne: false, predictionType: 'v_prediction', stepsOffset: 1});
	expect(() => parseSchedulerConfig({prediction_type: 'sample'})).toThrow('prediction_type is "sample"; supported: "epsilon" or "v_prediction"');
	expect(() => parseSchedulerConfig({trained_betas: [0.1]})).toThrow('trained_betas is [0.1]; supported: null');
});

test('something that is no object is refused', () => {
	expect(() => parseUNetConfig([1], 'unet/config.json')).toThrow('unet/config.json is not a JSON object');
});
