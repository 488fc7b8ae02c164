import {real} from '../setting.ts';

export const schedulePosition = real({
	key: 'schedulePosition',
	group: 'schedule',
	label: 'Schedule position',
	help: 'The share of the run at which the beginning of constant, ramp and annealing ends.',
	longHelp: 'constant and ramp reach the full rate here; an annealing schedule comes down to its floor in this share of the run, with restarts in half of it; without restarts it rises again after that. No effect on memory or speed. The extension doubled it when there were class images.',
	min: 0.01,
	max: 1,
	step: 0.05,
	default: 1,
	needs: {test: values => ['constant', 'ramp', 'cosine_annealing', 'cosine_annealing_with_restarts'].includes(String(values.learningRateSchedule)), reason: 'This schedule has no position.'},
	extension: {keys: ['lr_scale_pos'], english: 'Scale Position', chinese: '缩放位置'},
});
