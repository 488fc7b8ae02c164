import {real} from '../setting.ts';

export const minLearningRate = real({
	key: 'minLearningRate',
	group: 'schedule',
	label: 'Lowest learning rate',
	help: 'Where the annealing schedules end.',
	longHelp: 'The floor of cosine_annealing and cosine_annealing_with_restarts, as a rate and not a share. No effect on memory or speed.',
	min: 0,
	max: 1,
	step: 1e-7,
	default: 1e-6,
	needs: {test: values => String(values.learningRateSchedule).startsWith('cosine_annealing'), reason: 'Only the annealing schedules have a floor.'},
	extension: {keys: ['learning_rate_min'], english: 'Min Learning Rate', chinese: '最小学习率'},
});
