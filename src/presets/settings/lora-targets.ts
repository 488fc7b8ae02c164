import {lora} from '../needs.ts';
import {choice} from '../setting.ts';

export const loraTargets = choice({
	key: 'loraTargets',
	group: 'model',
	label: 'LoRA modules',
	help: 'Which parts of the networks get adapters.',
	longHelp: 'The more parts, the more is learned with the same rank, and the larger the file: at rank 4 for SD 1.5, without the text encoder, 1.6, 3.4 and 7.7 MB in half precision. Memory and time of a step rise a little with the number of adapters. '
		+ 'Attention decides what is where in a picture; convolutions also learn textures and shapes, and some programs do not load them.',
	choices: [
		{value: 'attention', help: 'queries, keys, values and outputs of the attention, as the scripts of diffusers'},
		{value: 'transformer', help: 'all linear maps of the transformers, as kohya'},
		{value: 'all', help: 'the convolutions of the UNet too'},
	],
	default: 'transformer',
	needs: lora,
	extension: {keys: ['use_lora_extended'], english: 'Use Lora Extended', chinese: '使用扩展 Lora'},
	aliases: ['target modules', 'lora layers', 'locon', '目标模块'],
});
