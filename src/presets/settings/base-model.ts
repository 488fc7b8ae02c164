import {path} from '../setting.ts';

export const baseModel = path({
	key: 'baseModel',
	group: 'model',
	label: 'Base model',
	help: 'The Stable Diffusion model to start from: a diffusers folder, a safetensors file, or the word demo.',
	longHelp: 'A folder with unet, vae, text_encoder, tokenizer and scheduler inside, as diffusers and the model hubs publish it, or one safetensors file of an SD 1.x or 2.x model, as A1111 and ComfyUI use it. The word `demo` stands for the small model that comes with this program. '
		+ 'It is only read. The extension converted a `.ckpt` first; pickle files can run code when they are opened, so this program refuses them.',
	kind: 'folder or file',
	default: '',
	words: ['demo'],
	extension: {keys: ['pretrained_model_name_or_path', 'src'], english: 'Source Checkpoint', chinese: '源模型'},
	aliases: ['checkpoint', 'model path', 'model folder', '基础模型', '底模'],
});
