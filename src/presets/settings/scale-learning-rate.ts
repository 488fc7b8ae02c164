import {toggle} from '../setting.ts';

export const scaleLearningRate = toggle({
	key: 'scaleLearningRate',
	group: 'schedule',
	label: 'Scale the rates by the batch',
	help: 'Multiply both learning rates by batch size x accumulation.',
	longHelp: 'Larger batches allow larger steps; with this on, a rate found at batch 1 is carried over. No effect on memory or speed. Leave it off when you enter rates for the batch you use.',
	default: false,
	extension: {keys: ['scale_lr'], english: 'Scale Learning Rate', chinese: '缩放学习率'},
});
