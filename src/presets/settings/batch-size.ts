import {int} from '../setting.ts';

export const batchSize = int({
	key: 'batchSize',
	group: 'schedule',
	label: 'Batch size',
	help: 'Instance images in one pass; with prior preservation as many class images come on top.',
	longHelp: 'Larger batches give smoother updates and use a GPU better; activations grow in proportion (about 0.9 GiB per image of 512 pixels in f32 for SD 1.5). Lower it first when memory is short, and use gradient accumulation instead. Lower it when the resolution rises.',
	min: 1,
	max: 1024,
	step: 1,
	default: 1,
	unit: 'images',
	extension: {keys: ['train_batch_size'], english: 'Batch Size', chinese: '批量大小'},
	aliases: ['批次大小', '批处理大小'],
});
