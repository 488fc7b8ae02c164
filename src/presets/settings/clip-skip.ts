import {int} from '../setting.ts';

export const clipSkip = int({
	key: 'clipSkip',
	group: 'text',
	label: 'CLIP skip',
	help: 'Which of the last layers of the text encoder is read: 1 is the last one.',
	longHelp: 'Counted as A1111 counts: 1 reads the last layer, 2 the one before it. Use 1 unless the base model was made for another value (many anime models: 2), and use the same value when you make pictures. No effect on memory or speed.',
	min: 1,
	max: 12,
	step: 1,
	default: 1,
	unit: 'layers',
	extension: {keys: ['clip_skip'], english: 'Clip Skip', chinese: 'CLIP 跳过层数'},
	aliases: ['CLIP 终止层数'],
});
