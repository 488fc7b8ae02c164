import {real} from '../setting.ts';

export const textEncoderWeightDecay = real({
	key: 'textEncoderWeightDecay',
	group: 'optimizer',
	label: 'Text encoder weight decay',
	help: 'How much of the text encoder\'s weights is taken away at each step, times the learning rate.',
	longHelp: 'As weight decay, for the text encoder: its weights may want to stay closer to what they were than the UNet\'s. No effect on memory or speed.',
	min: 0,
	max: 1,
	step: 0.01,
	default: 0.01,
	needs: {test: values => values.trainTextEncoder === true, reason: 'The text encoder is not trained.'},
	extension: {keys: ['tenc_weight_decay'], english: 'Text Encoder Weight Decay', chinese: '文本编码器权重衰减'},
});
