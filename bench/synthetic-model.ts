import {execFile} from 'node:child_process';
import {existsSync} from 'node:fs';
import {mkdir, rename, rm, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {clipVocabulary} from '../src/train/models/index.ts';
import {normals} from '../src/train/random.ts';
import {declareNetworks} from '../src/train/stable-diffusion.ts';
import {encodeFloats, parseTextEncoderConfig, parseUNetConfig, parseVaeConfig, writeSafetensors} from '../src/train/weights/index.ts';

/** The published configurations, as their folders state them, and one with 0.4 of SD 1.5's width. */
const architectures = {
	mid: {
		unet: {sample_size: 64, cross_attention_dim: 512, attention_head_dim: 8, block_out_channels: [128, 256, 512, 512]},
		text: {hidden_size: 512, intermediate_size: 2048, num_hidden_layers: 12, num_attention_heads: 8, hidden_act: 'quick_gelu'},
		prediction: 'epsilon',
	},
	sd15: {
		unet: {sample_size: 64, cross_attention_dim: 768, attention_head_dim: 8},
		text: {hidden_size: 768, intermediate_size: 3072, num_hidden_layers: 12, num_attention_heads: 12, hidden_act: 'quick_gelu'},
		prediction: 'epsilon',
	},
	sd21: {
		unet: {sample_size: 96, cross_attention_dim: 1024, attention_head_dim: [5, 10, 20, 20], use_linear_projection: true},
		text: {hidden_size: 1024, intermediate_size: 4096, num_hidden_layers: 23, num_attention_heads: 16, hidden_act: 'gelu'},
		prediction: 'v_prediction',
	},
} as const;

export type Architecture = keyof typeof architectures;
export const isArchitecture = (name: string): name is Architecture => Object.hasOwn(architectures, name);

const crossLevels = 3;
const vae = {
	in_channels: 3, out_channels: 3, latent_channels: 4, sample_size: 512, block_out_channels: [128, 256, 512, 512], layers_per_block: 2,
	down_block_types: Array(4).fill('DownEncoderBlock2D'), up_block_types: Array(4).fill('UpDecoderBlock2D'), scaling_factor: 0.182_15,
};
const unetCommon = {
	in_channels: 4, out_channels: 4, block_out_channels: [320, 640, 1280, 1280], layers_per_block: 2,
	down_block_types: [...Array(crossLevels).fill('CrossAttnDownBlock2D'), 'DownBlock2D'], up_block_types: ['UpBlock2D', ...Array(crossLevels).fill('CrossAttnUpBlock2D')],
};
const textCommon = {vocab_size: 49_408, max_position_embeddings: 77, layer_norm_eps: 1e-5};

/**
 * A model of the published size with random weights in half precision, as a diffusers folder that every program can open.
 * Made once under `root` (some 2 GB), by a process of its own: making it takes TensorFlow, which reads its settings once.
 */
export async function syntheticModel(architecture: Architecture, root: string): Promise<string> {
	const folder = folderOf(architecture, root);
	if (existsSync(folder)) return folder;
	const here = fileURLToPath(import.meta.url);
	const program = path.join(path.dirname(here), `make-synthetic-model${path.extname(here)}`);
	await promisify(execFile)(process.execPath, [...process.execArgv, program, architecture, root], {env: {...process.env, CUDA_VISIBLE_DEVICES: '-1'}});
	return folder;
}

const folderOf = (architecture: Architecture, root: string): string => path.join(root, `${architecture}-random`);

export async function makeSyntheticModel(architecture: Architecture, root: string): Promise<void> {
	const {unet, text, prediction} = architectures[architecture];
	const configs = {
		unet: {_class_name: 'UNet2DConditionModel', ...unetCommon, ...unet},
		vae: {_class_name: 'AutoencoderKL', ...vae},
		text_encoder: {architectures: ['CLIPTextModel'], model_type: 'clip_text_model', ...textCommon, ...text},
	};
	const declared = declareNetworks({unetConfig: parseUNetConfig(configs.unet), vaeConfig: parseVaeConfig(configs.vae), textEncoderConfig: parseTextEncoderConfig(configs.text_encoder)});

	const folder = folderOf(architecture, root);
	const stage = `${folder}.part`;
	await rm(stage, {recursive: true, force: true});
	const json = async (file: string, value: object) => {
		await mkdir(path.dirname(path.join(stage, file)), {recursive: true});
		await writeFile(path.join(stage, file), `${JSON.stringify(value, null, 2)}\n`);
	};
	await json('model_index.json', {
		_class_name: 'StableDiffusionPipeline', unet: ['diffusers', 'UNet2DConditionModel'], vae: ['diffusers', 'AutoencoderKL'],
		text_encoder: ['transformers', 'CLIPTextModel'], tokenizer: ['transformers', 'CLIPTokenizer'], scheduler: ['diffusers', 'DDIMScheduler'],
	});
	for (const [name, config] of Object.entries(configs)) await json(`${name}/config.json`, config);
	await json('scheduler/scheduler_config.json', {
		_class_name: 'DDIMScheduler', num_train_timesteps: 1000, beta_start: 0.000_85, beta_end: 0.012, beta_schedule: 'scaled_linear',
		prediction_type: prediction, clip_sample: false, set_alpha_to_one: false, steps_offset: 1,
	});
	const {ids, merges} = clipVocabulary();
	await json('tokenizer/vocab.json', Object.fromEntries(ids));
	await writeFile(path.join(stage, 'tokenizer/merges.txt'), `#version: 0.2\n${merges.join('\n')}\n`);
	for (const [network, file] of [['unet', 'unet/diffusion_pytorch_model'], ['vae', 'vae/diffusion_pytorch_model'], ['textEncoder', 'text_encoder/model']] as const) {
		await writeSafetensors(path.join(stage, `${file}.safetensors`), declared[network].map(({name, shape}) => ({name, dtype: 'F16' as const, shape, bytes: () => randomBytes(name, shape)})), {format: 'pt'});
	}
	await rename(stage, folder);
}

/** So many different values are enough for timing and for numbers that stay finite. */
const noise = normals(2 ** 20, {seed: 7, stream: 'synthetic weights', step: 0, index: 0});

/** Weights of matrices keep the size of what passes through; norms scale by 1 and shift by 0. */
function randomBytes(name: string, shape: readonly number[]): Uint8Array {
	const size = shape.reduce((product, n) => product * n, 1);
	if (shape.length === 1) return encodeFloats(new Float32Array(size).fill(name.endsWith('.weight') ? 1 : 0), 'F16');
	const scale = name.includes('embedding') ? 0.02 : 0.7 / Math.sqrt(size / shape[0]);
	const part = encodeFloats(noise.subarray(0, Math.min(size, noise.length)).map(value => value * scale), 'F16');
	const bytes = new Uint8Array(2 * size);
	for (let at = 0; at < bytes.length; at += part.length) bytes.set(part.subarray(0, Math.min(part.length, bytes.length - at)), at);
	return bytes;
}
