import {average} from '../needs.ts';
import {choice} from '../setting.ts';

export const emaRule = choice({
	key: 'emaRule',
	group: 'model',
	label: 'How the average begins',
	help: 'How quickly the average follows the weights in its first steps.',
	longHelp: 'After s updates the average keeps this share of itself: diffusers (1 + s) / (10 + s), warmup 1 - (1 + s)^(-2/3), constant always the EMA decay. The first two are limited by the EMA decay and begin as a copy of the trained weights. No effect on memory or speed. The extension had constant, and advanced it with every micro-batch; here it is once per optimizer step.',
	choices: [
		{value: 'diffusers', help: 'follows quickly at first; good for short runs'},
		{value: 'warmup', help: 'smoother, for runs of thousands of steps'},
		{value: 'constant', help: 'the same share from the first step on'},
	],
	default: 'diffusers',
	needs: average,
	extension: {keys: ['ema_rule']},
});
