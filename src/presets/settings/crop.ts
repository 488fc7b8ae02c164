import {choice} from '../setting.ts';

export const crop = choice({
	key: 'crop',
	group: 'image',
	label: 'Crop',
	help: 'Which square is cut out of an image that is not square, or that none is.',
	longHelp: 'Center always cuts the middle. Random cuts another part in each epoch, so nothing can be cached and each step encodes its images anew (slower, and the autoencoder stays in memory). '
		+ 'None keeps the proportions: each image goes into the bucket nearest to them (at 512: 512x512, 512x448, 576x384, 640x384, 704x320 and these turned), and only what sticks out of that is cut, at both sides. '
		+ 'Batches hold one bucket and concept; a step that needs several takes more batches, so batches above 1 also keep a set of gradients. Each bucket in use has functions of its own to prepare, so that XLA is given three at most (maxBuckets). Cutting your images by hand beats all three. '
		+ 'Later versions of the extension always used buckets and cropped at the center, whatever was set.',
	choices: [
		{value: 'center', help: 'the middle, always the same'},
		{value: 'random', help: 'another part each time'},
		{value: 'none', help: 'no square: a bucket of about its proportions'},
	],
	default: 'center',
	extension: {keys: ['center_crop'], english: 'Center Crop', chinese: '中心裁剪'},
	aliases: ['random crop', '随机裁剪', 'buckets', 'aspect ratio bucketing', '分桶'],
});
