import {int} from '../setting.ts';

export const pauseSeconds = int({
	key: 'pauseSeconds',
	group: 'schedule',
	label: 'Rest for',
	help: 'Seconds of each rest.',
	longHelp: 'How long the device rests. 60 seconds lower the temperature of a card in a warm case by some degrees; a power limit does more.',
	min: 0,
	max: 3600,
	step: 10,
	default: 60,
	unit: 'seconds',
	extension: {keys: ['epoch_pause_time'], english: 'Amount of time to pause between Epochs (s)', chinese: '周期之间暂停的时间（秒）'},
	needs: {test: values => (values.pauseEveryEpochs as number) > 0, reason: 'The run never rests.'},
});
