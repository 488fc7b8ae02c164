import {int} from '../setting.ts';

export const sampleEveryEpochs = int({
	key: 'sampleEveryEpochs',
	group: 'sampling',
	label: 'Sample every (epochs)',
	help: 'Epochs between sample images; 0: only by steps.',
	longHelp: 'As sample every, counted in passes over your images. Both may be set: samples are made when either is due. The import of an extension config fills this one, because the extension counted in epochs.',
	min: 0,
	max: 100_000,
	step: 1,
	default: 0,
	unit: 'epochs',
	extension: {keys: ['save_preview_every'], english: 'Save Preview(s) Frequency (Epochs)', chinese: '保存预览频率'},
});
