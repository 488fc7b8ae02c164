import {adam} from '../needs.ts';
import {real} from '../setting.ts';

export const adamBeta2 = real({
	key: 'adamBeta2',
	group: 'optimizer',
	label: 'Adam beta 2',
	help: 'How much of the past squared gradient AdamW keeps at each step.',
	longHelp: 'The decay of the running mean of squared gradients. 0.999 is right nearly always; 0.99 adapts faster in very short runs. No effect on memory or speed.',
	min: 0,
	max: 0.999999,
	step: 0.001,
	needs: adam,
	default: 0.999,
	aliases: ['adam_beta2'],
});
