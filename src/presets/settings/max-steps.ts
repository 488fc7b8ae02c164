import {int} from '../setting.ts';

export const maxSteps = int({
	key: 'maxSteps',
	group: 'schedule',
	label: 'Steps',
	help: 'Optimizer steps of the whole run; 0 means that the epochs decide.',
	longHelp: 'When above 0, the run takes exactly this many optimizer steps, whatever the number of images, and the epochs are not used. 600 to 1,200 steps are usual for SD 1.5 with the text encoder trained, up to 3,500 without.',
	min: 0,
	max: 10_000_000,
	step: 1,
	default: 0,
	unit: 'steps',
	extension: {keys: ['max_train_steps'], english: 'Max Training Steps', chinese: '最大训练步数'},
	aliases: ['max_steps', 'training steps', '总步数'],
});
