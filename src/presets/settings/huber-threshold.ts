import {real} from '../setting.ts';

export const huberThreshold = real({
	key: 'huberThreshold',
	group: 'optimizer',
	label: 'Huber threshold',
	help: 'Errors much larger than this count in proportion, smaller ones squared.',
	longHelp: 'The c of 2c(sqrt(e² + c²) - c). At 0.1 most errors of the noise count in proportion; at 1 and above the loss is nearly the squared one. No effect on memory or speed.',
	min: 0.001,
	max: 10,
	step: 0.05,
	default: 0.1,
	needs: {test: values => values.loss === 'huber', reason: 'The loss is not Huber.'},
	extension: {keys: ['huber_c']},
});
