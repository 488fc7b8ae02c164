import {adam} from '../needs.ts';
import {real} from '../setting.ts';

export const adamEpsilon = real({
	key: 'adamEpsilon',
	group: 'optimizer',
	label: 'Adam epsilon',
	help: 'Keeps AdamW from dividing by zero.',
	longHelp: 'Added to the root of the mean squared gradient. 1e-8 is right nearly always; larger values damp weights whose gradients are tiny. No effect on memory or speed.',
	min: 1e-20,
	max: 1,
	step: 1e-8,
	needs: adam,
	default: 1e-8,
	aliases: ['adam_epsilon', 'eps'],
});
