import {int} from '../setting.ts';

export const maxBuckets = int({
	key: 'maxBuckets',
	group: 'image',
	label: 'Most buckets',
	help: 'So many shapes at most where XLA compiles the training; 0 for no limit.',
	longHelp: 'XLA compiles the training step once for each shape of image: a minute or two the first time on a machine, seconds later on. When the images of a run fall into more buckets than this, those are kept that cut least off all images together, and the others go into the nearest of them. '
		+ 'Without XLA (engine graph or eager, as on the CPU) a shape costs about a second, and all buckets are used. dreambooth inspect shows each image\'s bucket, what is cut off, and how much there is to compile. A run that is resumed keeps the buckets that it began with.',
	min: 0,
	max: 20,
	step: 1,
	default: 3,
	unit: 'buckets',
	needs: {test: ({crop, engine}) => crop === 'none' && engine !== 'graph' && engine !== 'eager', reason: 'Only buckets (crop none) that XLA compiles for are limited.'},
	aliases: ['bucket limit', 'merge buckets', '分桶数量'],
});
