import {real} from '../setting.ts';

export const emaDecay = real({
	key: 'emaDecay',
	group: 'model',
	label: 'EMA decay',
	help: 'How slowly the average follows: the largest share of itself that it keeps at a step.',
	longHelp: 'After s updates the average keeps min(decay, (1 + s) / (10 + s)) of itself. 0.9999 suits runs of many thousand steps; the warm-up takes care of shorter ones. No effect on memory or speed.',
	min: 0,
	max: 0.999999,
	step: 0.0001,
	default: 0.9999,
	needs: {test: values => values.ema === true, reason: 'The average of the weights (EMA) is off.'},
	aliases: ['ema_decay'],
});
