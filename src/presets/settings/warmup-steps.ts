import {int} from '../setting.ts';

export const warmupSteps = int({
	key: 'warmupSteps',
	group: 'schedule',
	label: 'Warm-up',
	help: 'Steps in which the learning rate rises from 0 to its value.',
	longHelp: 'Keeps the first steps, when AdamW knows no gradients yet, from doing harm. 0 to 10 % of the run. No effect on memory or speed. The extension counted samples here; this counts optimizer steps.',
	min: 0,
	max: 1_000_000,
	step: 1,
	default: 0,
	unit: 'steps',
	needs: {test: values => values.learningRateSchedule !== 'constant', reason: 'The constant schedule has no warm-up.'},
	extension: {keys: ['lr_warmup_steps'], english: 'Learning Rate Warmup Steps', chinese: '学习率预热步数'},
	aliases: ['warmup', '预热'],
});
