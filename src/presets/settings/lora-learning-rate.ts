import {lora} from '../needs.ts';
import {real} from '../setting.ts';

export const loraLearningRate = real({
	key: 'loraLearningRate',
	group: 'optimizer',
	label: 'LoRA learning rate, UNet',
	help: 'How far the adapters of the UNet move at each step.',
	longHelp: 'Adapters start at nothing and take rates 20 to 100 times those of full training: 1e-4 with 500 to 1,000 steps is a good start. Lower when pictures turn harsh or all alike. No effect on memory or speed.',
	min: 1e-10,
	max: 1,
	step: 1e-5,
	default: 1e-4,
	needs: {test: values => lora.test(values) && values.trainUnet === true, reason: 'No LoRA of the UNet is trained.'},
	extension: {keys: ['lora_learning_rate'], english: 'Lora UNET Learning Rate', chinese: 'Lora UNET 学习率'},
	aliases: ['lora lr', 'lora unet lr'],
});
