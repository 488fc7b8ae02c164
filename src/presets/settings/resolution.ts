import {int} from '../setting.ts';

export const resolution = int({
	key: 'resolution',
	group: 'image',
	label: 'Resolution',
	help: 'Width and height of the training images.',
	longHelp: 'Each image is resized to cover this square and cropped. Use what the base model was made for: 512 for SD 1.x, 768 for the large SD 2.x models. Activations and time grow with the area, the scores of full attention with its square; above 512 lower the batch size. '
		+ 'Smaller images are enlarged, which teaches blur: the images it happens to are named. Multiples of 64 for Stable Diffusion.',
	min: 64,
	max: 2048,
	step: 64,
	multipleOf: 8,
	default: 512,
	unit: 'pixels',
	extension: {keys: ['resolution'], english: 'Max Resolution', chinese: '分辨率'},
	aliases: ['image size', '最大分辨率'],
});
