import {path} from '../setting.ts';

export const vae = path({
	key: 'vae',
	group: 'model',
	label: 'Other VAE',
	help: 'An autoencoder to use instead of the base model\'s: a folder or a safetensors file.',
	longHelp: 'It encodes your images, decodes the samples and becomes part of the finished model. Take one only when pictures look grey or washed out with the base model\'s own. Empty uses that. '
		+ 'A folder is diffusers\' vae folder (config.json and weights); a file holds the names of the original code, as A1111 uses them. No effect on memory or speed. Cached latents belong to the autoencoder that made them.',
	kind: 'folder or file',
	default: '',
	extension: {keys: ['pretrained_vae_name_or_path'], english: 'Pretrained VAE Name or Path', chinese: '预训练 VAE 名称或路径'},
	aliases: ['autoencoder', '变分自编码器'],
});
