import {choice} from '../setting.ts';

export const crop = choice({
	key: 'crop',
	group: 'image',
	label: 'Crop',
	help: 'Which square is cut out of an image that is not square.',
	longHelp: 'Center always cuts the middle. Random cuts another part in each epoch, so nothing can be cached and each step encodes its images anew (slower, and the autoencoder stays in memory). Cutting your images by hand beats both. '
		+ 'Later versions of the extension always cropped at the center, whatever was set.',
	choices: [
		{value: 'center', help: 'the middle, always the same'},
		{value: 'random', help: 'another part each time'},
	],
	default: 'center',
	extension: {keys: ['center_crop'], english: 'Center Crop', chinese: '中心裁剪'},
	aliases: ['random crop', '随机裁剪'],
});
