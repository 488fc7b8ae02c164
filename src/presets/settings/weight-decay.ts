import {real} from '../setting.ts';

export const weightDecay = real({
	key: 'weightDecay',
	group: 'optimizer',
	label: 'Weight decay',
	help: 'Pulls all trained weights a little towards zero at each step.',
	longHelp: 'Decoupled, as in AdamW: weight -= learning rate * decay * weight. Near 0 keeps to the training images, larger values generalise; 0.01 is the rule, 0.1 and above seldom does good. No effect on memory or speed.',
	min: 0,
	max: 1,
	step: 0.01,
	default: 0.01,
	extension: {keys: ['adamw_weight_decay', 'weight_decay'], english: 'AdamW Weight Decay', chinese: 'AdamW 权重衰减'},
	aliases: ['权重衰减'],
});
