import fs from 'node:fs';
import {describe, expect, it} from 'vitest';
import {defaultConfig, importCommandLine, importExtensionConfig, importForeign} from '../../src/presets/index.ts';

describe('a db_config.json of the extension', () => {
	it('gives the values it names, inverted and renamed ones with their meaning', () => {
		const {values, notes} = importExtensionConfig({
			resolution: 768, train_batch_size: 3, num_train_epochs: 40, learning_rate: 3e-6, txt_learning_rate: 1e-6, not_cache_latents: true, use_8bit_adam: true, mixed_precision: 'fp16', attention: 'xformers', stop_text_encoder: 0.5,
			offset_noise: -0.1, lr_scheduler: 'linear', save_preview_every: 5, save_embedding_every: 25, hflip: true, center_crop: false, half_model: true, use_ema: false, prior_loss_scale: true, prior_loss_target: 0, max_token_length: 150, gradient_checkpointing: true,
			shuffle_tags: false, min_snr_gamma: 5, use_lora: true, use_lora_extended: true, lora_unet_rank: 16,
		});
		expect(values).toMatchObject({
			resolution: 768, batchSize: 3, epochs: 40, maxSteps: 0, learningRate: 3e-6, textEncoderLearningRate: 1e-6, cacheLatents: 'off', optimizer: 'adamw8bit', precision: 'f16', attention: 'fused', textEncoderStepRatio: 0.5,
			offsetNoise: 0, learningRateSchedule: 'ramp', sampleEveryEpochs: 5, sampleEverySteps: 0, saveEveryEpochs: 25, saveEverySteps: 0, horizontalFlip: true, crop: 'none', outputPrecision: 'f16', ema: false, scalePriorLoss: true, priorLossTarget: 150,
			maxTokenLength: 150, gradientCheckpointing: true, shuffleTags: false, minSnrGamma: 5, training: 'lora', loraTargets: 'all', loraRank: 16,
		});
		expect(notes.map(({key, what}) => [key, what])).toEqual([['not_cache_latents', 'mapped'], ['attention', 'mapped'], ['offset_noise', 'mapped'], ['lr_scheduler', 'mapped']]);
	});

	it('says why of what it cannot have', () => {
		const {values, notes} = importExtensionConfig({optimizer: 'Prodigy', lr_scheduler: 'dadapt_with_warmup', tomesd: 0.5, strict_tokens: true, use_dream: false, lora_weight: 0.8, resolution: 700_000, promt: 'x', resolutoin: 512});
		expect(values).toEqual({});
		expect(notes.map(({key, what, message}) => [key, what, message])).toEqual([
			['optimizer', 'refused', expect.stringContaining('choose one of adamw, adamw8bit')],
			['lr_scheduler', 'refused', expect.stringContaining('not built in')],
			['tomesd', 'refused', expect.stringContaining('token merging')],
			['strict_tokens', 'refused', expect.any(String)],
			['lora_weight', 'dropped', expect.stringContaining('where it is used')],
			['resolution', 'refused', expect.stringContaining('must be a whole number')],
			['promt', 'dropped', expect.any(String)],
			['resolutoin', 'dropped', expect.stringContaining('resolution is')],
		]);
	});

	it('knows every key of the reference table', () => {
		const keys = 'resolution center_crop hflip pretrained_vae_name_or_path use_concepts concepts_path use_cpu use_ema save_ema infer_ema ema_predict mixed_precision attention not_cache_latents cache_latents train_text_encoder train_unet stop_text_encoder offset_noise prior_loss_weight prior_loss_scale prior_loss_target prior_loss_weight_min pad_tokens shuffle_tags max_token_length adamw_weight_decay weight_decay use_8bit_adam optimizer train_batch_size num_train_epochs save_preview_every save_embedding_every gradient_accumulation_steps sample_batch_size gradient_set_to_none gradient_checkpointing scale_lr learning_rate txt_learning_rate lora_learning_rate lora_txt_learning_rate lr_warmup_steps learning_rate_min lr_cycles lr_factor lr_power lr_scale_pos tenc_weight_decay tenc_grad_clip_norm use_lora use_lora_extended lora_unet_rank lora_txt_rank lora_weight lora_txt_weight half_model custom_model_name save_safetensors use_subdir save_ckpt_during save_ckpt_after save_ckpt_cancel save_lora_during save_state_during sanity_prompt sanity_negative_prompt sanity_seed graph_smoothing clip_skip strict_tokens freeze_clip_normalization dynamic_img_norm tomesd split_loss disable_class_matching deterministic noise_scheduler min_snr_gamma scheduler epoch_pause_frequency epoch_pause_time seed concepts_list'.split(' ');
		const unknown = keys.filter(key => importExtensionConfig({[key]: false}).notes.some(({message}) => message.includes('is not known')));
		expect(unknown).toEqual([]);
	});
});

describe('a command line of diffusers', () => {
	it('gives its values and its subject', () => {
		const {values, notes} = importCommandLine(`accelerate launch --mixed_precision=fp16 train_dreambooth.py \\
  --pretrained_model_name_or_path=/models/sd15 --instance_data_dir "./my dog" --instance_prompt="a photo of sks dog" \\
  --class_data_dir=./class --with_prior_preservation --prior_loss_weight=0.5 --class_prompt='a photo of dog' --num_class_images=200 \\
  --resolution=512 --train_batch_size=2 --gradient_accumulation_steps=4 --gradient_checkpointing --learning_rate=2e-6 --lr_scheduler="cosine" --lr_warmup_steps=10 \\
  --max_train_steps=800 --use_8bit_adam --train_text_encoder --mixed_precision=bf16 --snr_gamma 5.0 --report_to wandb --output_dir out`);
		expect(values).toMatchObject({
			baseModel: '/models/sd15', resolution: 512, batchSize: 2, gradientAccumulation: 4, gradientCheckpointing: true, learningRate: 2e-6, textEncoderLearningRate: 2e-6, learningRateSchedule: 'cosine', warmupSteps: 10, maxSteps: 800, optimizer: 'adamw8bit',
			trainTextEncoder: true, precision: 'bf16', minSnrGamma: 5, priorLossWeight: 0.5,
			concepts: [{instanceImages: `${process.cwd()}/my dog`, instancePrompt: 'a photo of sks dog', classPrompt: 'a photo of dog', classImages: `${process.cwd()}/class`, classImagesPerInstance: 20}],
		});
		expect(notes.map(({key, what}) => [key, what])).toEqual([['num_class_images', 'mapped'], ['report_to', 'dropped'], ['output_dir', 'dropped']]);
	});

	it('of the LoRA script trains a LoRA', () => {
		expect(importCommandLine('python train_dreambooth_lora.py --rank 8 --learning_rate 1e-4 --what 3')).toMatchObject({values: {training: 'lora', loraRank: 8, loraLearningRate: 1e-4}, notes: [{key: 'what', message: '--what: it is not known.'}]});
	});
});

it('only foreign configs are taken for such, and their values are checked', () => {
	expect(importForeign(JSON.stringify(defaultConfig()))).toBeUndefined();
	expect(importForeign('no file')).toBeUndefined();
	const imported = importForeign('{"train_batch_size": 2, "resolution": 512}');
	expect(imported?.config).toMatchObject({batchSize: 2, resolution: 512});
	expect(importForeign('python train_dreambooth.py --train_batch_size 1000000')?.notes).toMatchObject([{key: 'batchSize', what: 'refused'}]);
	expect(fs.existsSync('{"train_batch_size": 2, "resolution": 512}')).toBe(false);
});
