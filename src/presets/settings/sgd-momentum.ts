import {real} from '../setting.ts';

export const sgdMomentum = real({
	key: 'sgdMomentum',
	group: 'optimizer',
	label: 'SGD momentum',
	help: 'How much of its last step SGD repeats.',
	longHelp: '0.9 averages over about ten steps. No effect on memory, which is kept for it anyway, or on speed.',
	min: 0,
	max: 0.999,
	step: 0.01,
	default: 0.9,
	needs: {test: values => values.optimizer === 'sgd', reason: 'The optimizer is not SGD.'},
	aliases: ['momentum', '动量'],
});
