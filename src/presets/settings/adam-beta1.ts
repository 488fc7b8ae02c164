import {adam} from '../needs.ts';
import {real} from '../setting.ts';

export const adamBeta1 = real({
	key: 'adamBeta1',
	group: 'optimizer',
	label: 'Adam beta 1',
	help: 'How much of the past gradient AdamW keeps at each step.',
	longHelp: 'The decay of the running mean of gradients. 0.9 is right nearly always. No effect on memory or speed.',
	min: 0,
	max: 0.999999,
	step: 0.01,
	needs: adam,
	default: 0.9,
	aliases: ['adam_beta1', 'momentum', '动量'],
});
