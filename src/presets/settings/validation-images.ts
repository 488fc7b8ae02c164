import {int} from '../setting.ts';

export const validationImages = int({
	key: 'validationImages',
	group: 'sampling',
	label: 'Validation images',
	help: 'Images of each concept that are kept back from training, to measure the loss on them.',
	longHelp: 'The validation loss uses the same noise and timesteps each time, so it can be compared from one time to the next: while it falls the model learns your subject, when it rises the model learns your photos by heart. The best step is marked. It costs one forward pass for each image and level (5 levels). Take 1 for every 8 images; with fewer than 8, leave it at 0.',
	min: 0,
	max: 1000,
	step: 1,
	default: 0,
	unit: 'images',
	aliases: ['validation loss', 'held-out images', '验证'],
});
