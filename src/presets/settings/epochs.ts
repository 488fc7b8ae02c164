import {int} from '../setting.ts';

export const epochs = int({
	key: 'epochs',
	group: 'schedule',
	label: 'Epochs',
	help: 'How often the run goes through your images (when no number of steps is given).',
	longHelp: 'One epoch shows each instance image once. With 10 images, batch size 1 and 100 epochs that are 1,000 steps. 100 suits objects and styles, 150 a person; with the text encoder trained fewer are enough. '
		+ 'The extension counted class images too, so its steps looked twice as many.',
	min: 1,
	max: 100_000,
	step: 1,
	default: 100,
	unit: 'epochs',
	needs: {test: values => values.maxSteps === 0, reason: 'The run is measured in steps.'},
	extension: {keys: ['num_train_epochs'], english: 'Training Steps Per Image (Epochs)', chinese: '每张图像的训练步数'},
	aliases: ['training length', '训练轮数'],
});
