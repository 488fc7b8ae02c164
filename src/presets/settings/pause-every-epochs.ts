import {int} from '../setting.ts';

export const pauseEveryEpochs = int({
	key: 'pauseEveryEpochs',
	group: 'schedule',
	label: 'Rest every',
	help: 'Epochs after which the device may cool down; 0 never.',
	longHelp: 'The run waits for the given seconds after every so many epochs. Commands are heard meanwhile. Nothing about the training changes.',
	min: 0,
	max: 100,
	step: 1,
	default: 0,
	unit: 'epochs',
	extension: {keys: ['epoch_pause_frequency'], english: 'Pause After N Epochs', chinese: '在 N 个周期后暂停'},
});
