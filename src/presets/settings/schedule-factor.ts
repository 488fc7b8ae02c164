import {real} from '../setting.ts';

export const scheduleFactor = real({
	key: 'scheduleFactor',
	group: 'schedule',
	label: 'Schedule factor',
	help: 'The share of the learning rate that constant and ramp begin with.',
	longHelp: 'constant keeps this share until the schedule position and takes the full rate from there on; ramp rises from it in a line. 1 is the full rate from the first step. No effect on memory or speed.',
	min: 0,
	max: 1,
	step: 0.05,
	default: 1,
	needs: {test: values => values.learningRateSchedule === 'constant' || values.learningRateSchedule === 'ramp', reason: 'Only constant and ramp have a factor.'},
	extension: {keys: ['lr_factor'], english: 'Constant/Linear Starting Factor', chinese: '起始因子'},
});
