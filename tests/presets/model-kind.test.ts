import {describe, expect, it} from 'vitest';
import {recognizeTensors} from '../../src/presets/index.ts';

const recognize = (tensors: Readonly<Record<string, readonly number[]>>) => recognizeTensors(new Map(Object.entries(tensors).map(([name, shape]) => [name, {shape}])));
const ldm = (text: number, channels = 4) => ({
	'model.diffusion_model.input_blocks.0.0.weight': [320, channels, 3, 3],
	'model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight': [320, text],
});

describe('a file is recognized from its tensors', () => {
	it.each<[string, Readonly<Record<string, readonly number[]>>, object]>([
		['SD 1', ldm(768), {kind: 'checkpoint', name: 'SD 1.5', family: 'sd1', layout: 'ldm'}],
		['SD 2', ldm(1024), {kind: 'checkpoint', name: 'SD 2.1', family: 'sd2', layout: 'ldm'}],
		['a model of another size', ldm(16), {kind: 'checkpoint', name: 'Stable Diffusion of another size (text states of width 16)', layout: 'ldm'}],
		['a UNet of diffusers', {'conv_in.weight': [320, 4, 3, 3], 'down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight': [320, 768]}, {kind: 'unet', name: 'SD 1.5, UNet only', layout: 'diffusers'}],
		['an autoencoder of diffusers', {'encoder.down_blocks.0.x': [1], 'decoder.conv_in.weight': [512, 4, 3, 3]}, {kind: 'autoencoder', layout: 'diffusers'}],
		['an autoencoder in LDM names', {'encoder.down.0.block.0.conv1.weight': [1], 'decoder.conv_in.weight': [512, 4, 3, 3]}, {kind: 'autoencoder', layout: 'ldm'}],
		['a text encoder', {'text_model.embeddings.token_embedding.weight': [49_408, 1024]}, {kind: 'text encoder', name: 'text encoder of SD 2.1', layout: 'diffusers'}],
		['a LoRA of kohya', {'lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight': [8, 768]}, {kind: 'lora', name: 'LoRA for SD 1.5', layout: 'kohya'}],
		['a LoRA of peft', {'unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight': [8, 1024]}, {kind: 'lora', name: 'LoRA for SD 2.1', layout: 'diffusers'}],
		['a LoRA of old diffusers', {'down_blocks.0.attentions.0.transformer_blocks.0.attn2.processor.to_k_lora.down.weight': [8, 768]}, {kind: 'lora', name: 'LoRA for SD 1.5', layout: 'diffusers'}],
		['a LoRA of a text encoder', {'lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight': [8, 768]}, {kind: 'lora', name: 'LoRA for SD 1.5', layout: 'kohya'}],
	])('%s', (_, tensors, expected) => {
		const found = recognize(tensors);
		expect(found).toMatchObject(expected);
		expect(found.refusal).toBeUndefined();
	});

	it.each<[string, Readonly<Record<string, readonly number[]>>, RegExp]>([
		['SD 1.5 for inpainting', ldm(768, 9), /9 channels instead of 4/],
		['SD 1.5 for editing by instruction (InstructPix2Pix)', ldm(768, 8), /8 channels/],
		['SD 2.1 for depth', ldm(1024, 5), /5 channels/],
		['Stable Diffusion XL', {...ldm(2048), 'conditioner.embedders.1.model.x': [1]}, /two text encoders/],
		['UNet of Stable Diffusion XL', {'conv_in.weight': [320, 4, 3, 3], 'add_embedding.linear_1.weight': [1280, 2816]}, /larger/],
		['Flux', {'model.diffusion_model.double_blocks.0.img_attn.qkv.weight': [1]}, /without a UNet/],
		['Stable Diffusion 3', {'model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight': [1]}, /without a UNet/],
		['Stable Diffusion unCLIP or upscaler', {...ldm(1024), 'model.diffusion_model.label_emb.0.0.weight': [1]}, /more than a text/],
		['ControlNet', {'control_model.input_blocks.0.0.weight': [320, 4, 3, 3]}, /steers/],
		['autoencoder (VAE)', {'decoder.conv_in.weight': [512, 16, 3, 3]}, /16 channels instead of 4/],
		['textual inversion for SD 1.5', {emb_params: [4, 768]}, /adds words/],
		['LoHa (LyCORIS)', {'lora_unet_mid_block_attentions_0_proj_in.hada_w1_a': [1]}, /only LoRA/],
		['DoRA', {'lora_unet_mid_block_attentions_0_proj_in.dora_scale': [1]}, /only LoRA/],
		['LoRA for Stable Diffusion XL', {'lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_down.weight': [4, 768]}, /larger networks/],
		['LoRA for Stable Diffusion XL', {'lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight': [4, 2048]}, /larger networks/],
		['LoRA for Flux or another transformer', {'transformer.transformer_blocks.0.attn.to_q.lora_A.weight': [4, 3072]}, /without a UNet/],
		['no model that is known here', {weights: [1]}, /none of its tensors/],
	])('and what is not for this program is called by name: %s', (name, tensors, reason) => {
		const found = recognize(tensors);
		expect(found.name).toBe(name);
		expect(found.refusal).toMatch(reason);
	});
});
