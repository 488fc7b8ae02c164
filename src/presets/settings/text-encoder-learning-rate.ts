import {real} from '../setting.ts';

export const textEncoderLearningRate = real({
	key: 'textEncoderLearningRate',
	group: 'optimizer',
	label: 'Text encoder learning rate',
	help: 'How far the text encoder moves at each step.',
	longHelp: 'Half of the UNet rate is a good start: the text encoder must learn, but gently, or it forgets what other words mean. It follows the same schedule. No effect on memory or speed. The extension ignored this value in full training; here it has its effect.',
	min: 1e-10,
	max: 1,
	step: 1e-6,
	default: 1e-6,
	needs: {test: values => values.trainTextEncoder === true && values.training !== 'lora', reason: 'The text encoder is not trained, or by a LoRA, which has rates of its own.'},
	extension: {keys: ['txt_learning_rate', 'text_encoder_learning_rate'], english: 'Text Encoder Learning Rate', chinese: '文本编码器学习率'},
	aliases: ['text lr', 'te lr'],
});
