import {lora} from '../needs.ts';
import {real} from '../setting.ts';

export const loraTextEncoderLearningRate = real({
	key: 'loraTextEncoderLearningRate',
	group: 'optimizer',
	label: 'LoRA learning rate, text encoder',
	help: 'How far the adapters of the text encoder move at each step.',
	longHelp: 'Half of the rate of the UNet\'s adapters is a good start. It follows the same schedule. No effect on memory or speed.',
	min: 1e-10,
	max: 1,
	step: 1e-5,
	default: 5e-5,
	needs: {test: values => lora.test(values) && values.trainTextEncoder === true, reason: 'No LoRA of the text encoder is trained.'},
	extension: {keys: ['lora_txt_learning_rate'], english: 'Lora Text Encoder Learning Rate', chinese: 'Lora 文本编码器学习率'},
	aliases: ['lora text lr', 'lora te lr'],
});
