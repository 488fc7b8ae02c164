import {existsSync} from 'node:fs';
import {mkdir, rename, rm, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {stagingPath} from './atomic.ts';

/** The structure of a published family of models. A single file has only weights: configs and tokenizer are these. */
export interface Structure {
	readonly family: 'sd1' | 'sd2';
	readonly prediction: 'epsilon' | 'v_prediction';
}

/** CLIP's list of merges and table of ids. */
export interface TokenizerTables {
	readonly ids: ReadonlyMap<string, number>;
	readonly merges: readonly string[];
}

const thrice = (type: string): string[] => Array<string>(3).fill(type);

/** Stated by the published folders of SD 1.5 and SD 2.1. */
function configsOf({family, prediction}: Structure): Readonly<Record<string, object>> {
	const second = family === 'sd2';
	const side = prediction === 'v_prediction' ? 96 : 64;
	const end = 49_407;
	return {
		'model_index.json': {
			_class_name: 'StableDiffusionPipeline',
			feature_extractor: [null, null],
			requires_safety_checker: false,
			safety_checker: [null, null],
			scheduler: ['diffusers', 'DDIMScheduler'],
			text_encoder: ['transformers', 'CLIPTextModel'],
			tokenizer: ['transformers', 'CLIPTokenizer'],
			unet: ['diffusers', 'UNet2DConditionModel'],
			vae: ['diffusers', 'AutoencoderKL'],
		},
		'unet/config.json': {
			_class_name: 'UNet2DConditionModel',
			act_fn: 'silu',
			attention_head_dim: second ? [5, 10, 20, 20] : 8,
			block_out_channels: [320, 640, 1280, 1280],
			cross_attention_dim: second ? 1024 : 768,
			down_block_types: [...thrice('CrossAttnDownBlock2D'), 'DownBlock2D'],
			flip_sin_to_cos: true,
			freq_shift: 0,
			in_channels: 4,
			layers_per_block: 2,
			norm_eps: 1e-5,
			norm_num_groups: 32,
			out_channels: 4,
			sample_size: side,
			up_block_types: ['UpBlock2D', ...thrice('CrossAttnUpBlock2D')],
			use_linear_projection: second,
			...(prediction === 'v_prediction' && {upcast_attention: true}),
		},
		'vae/config.json': {
			_class_name: 'AutoencoderKL',
			act_fn: 'silu',
			block_out_channels: [128, 256, 512, 512],
			down_block_types: [...thrice('DownEncoderBlock2D'), 'DownEncoderBlock2D'],
			in_channels: 3,
			latent_channels: 4,
			layers_per_block: 2,
			norm_num_groups: 32,
			out_channels: 3,
			sample_size: 8 * side,
			scaling_factor: 0.182_15,
			up_block_types: [...thrice('UpDecoderBlock2D'), 'UpDecoderBlock2D'],
		},
		'text_encoder/config.json': {
			architectures: ['CLIPTextModel'],
			bos_token_id: end - 1,
			eos_token_id: second ? 2 : end,
			hidden_act: second ? 'gelu' : 'quick_gelu',
			hidden_size: second ? 1024 : 768,
			intermediate_size: second ? 4096 : 3072,
			layer_norm_eps: 1e-5,
			max_position_embeddings: 77,
			model_type: 'clip_text_model',
			num_attention_heads: second ? 16 : 12,
			num_hidden_layers: second ? 23 : 12,
			pad_token_id: 1,
			projection_dim: second ? 512 : 768,
			torch_dtype: 'float16',
			vocab_size: end + 1,
		},
		'scheduler/scheduler_config.json': {
			_class_name: 'DDIMScheduler',
			beta_end: 0.012,
			beta_schedule: 'scaled_linear',
			beta_start: 0.000_85,
			clip_sample: false,
			num_train_timesteps: 1000,
			prediction_type: prediction,
			set_alpha_to_one: false,
			steps_offset: 1,
			timestep_spacing: 'leading',
		},
		'tokenizer/tokenizer_config.json': {
			add_prefix_space: false,
			bos_token: '<|startoftext|>',
			do_lower_case: true,
			eos_token: '<|endoftext|>',
			errors: 'replace',
			model_max_length: 77,
			pad_token: second ? '!' : '<|endoftext|>',
			tokenizer_class: 'CLIPTokenizer',
			unk_token: '<|endoftext|>',
		},
		'tokenizer/special_tokens_map.json': {
			bos_token: '<|startoftext|>',
			eos_token: '<|endoftext|>',
			pad_token: second ? '!' : '<|endoftext|>',
			unk_token: '<|endoftext|>',
		},
	};
}

/** Writes the diffusers folder of a structure, without weights, once. Returns it. */
export async function structureFolder(root: string, structure: Structure, {ids, merges}: TokenizerTables): Promise<string> {
	const folder = path.join(root, `${structure.family}-${structure.prediction}`);
	if (existsSync(folder)) return folder;
	const staged = stagingPath(folder);
	try {
		const files = {
			...Object.fromEntries(Object.entries(configsOf(structure)).map(([file, value]) => [file, `${JSON.stringify(value, undefined, 2)}\n`])),
			'tokenizer/vocab.json': JSON.stringify(Object.fromEntries(ids)),
			'tokenizer/merges.txt': `#version: 0.2\n${merges.join('\n')}\n`,
		};
		for (const [file, text] of Object.entries(files)) {
			await mkdir(path.dirname(path.join(staged, file)), {recursive: true});
			await writeFile(path.join(staged, file), text);
		}
		// Another process may have been faster: what it wrote is the same.
		await rename(staged, folder).catch((error: NodeJS.ErrnoException) => {
			if (!existsSync(folder)) throw error;
		});
	} finally {
		await rm(staged, {recursive: true, force: true});
	}
	return folder;
}
