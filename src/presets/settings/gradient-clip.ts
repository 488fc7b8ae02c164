import {real} from '../setting.ts';

export const gradientClip = real({
	key: 'gradientClip',
	group: 'optimizer',
	label: 'Gradient clip',
	help: 'The largest length of the whole gradient; longer ones are scaled down. 0 is off.',
	longHelp: 'One norm over all trained weights together. Keeps a single odd batch from throwing the model off; 1 is the rule and was fixed in the extension. No effect on memory, hardly any on speed.',
	min: 0,
	max: 1000,
	step: 0.1,
	default: 1,
	extension: {keys: ['max_grad_norm'], english: 'Max Grad Norm', chinese: '最大梯度范数'},
	aliases: ['gradient clipping', '梯度裁剪'],
});
