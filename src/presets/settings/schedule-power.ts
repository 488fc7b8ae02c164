import {real} from '../setting.ts';

export const schedulePower = real({
	key: 'schedulePower',
	group: 'schedule',
	label: 'Power',
	help: 'The bend of the polynomial schedule: 1 is a line, 2 falls fast at first.',
	longHelp: 'The rate falls as (1 - progress) to this power. No effect on memory or speed.',
	min: 0.01,
	max: 100,
	step: 0.1,
	default: 1,
	needs: {test: values => values.learningRateSchedule === 'polynomial', reason: 'Only the polynomial schedule has a power.'},
	extension: {keys: ['lr_power'], english: 'Polynomial Power', chinese: '多项式幂'},
	aliases: ['polynomial power'],
});
