import {int} from '../setting.ts';

export const scheduleCycles = int({
	key: 'scheduleCycles',
	group: 'schedule',
	label: 'Cycles',
	help: 'How many times the rate falls from the top in cosine_with_restarts.',
	longHelp: 'Each cycle is as long as the others and ends at 0. 1 is a plain cosine without a restart. No effect on memory or speed.',
	min: 1,
	max: 1000,
	step: 1,
	default: 1,
	unit: 'cycles',
	needs: {test: values => values.learningRateSchedule === 'cosine_with_restarts', reason: 'Only cosine_with_restarts has cycles.'},
	extension: {keys: ['lr_cycles'], english: 'Number of Hard Resets', chinese: '硬重启次数'},
	aliases: ['restarts'],
});
