import {int} from '../setting.ts';

export const saveEveryEpochs = int({
	key: 'saveEveryEpochs',
	group: 'saving',
	label: 'Save every (epochs)',
	help: 'Epochs between checkpoints; 0: only by steps.',
	longHelp: 'As save every, counted in passes over your images. Both may be set: a checkpoint is written when either is due.',
	min: 0,
	max: 100_000,
	step: 1,
	default: 0,
	unit: 'epochs',
	extension: {keys: ['save_model_every', 'save_embedding_every'], english: 'Save Model Frequency (Epochs)', chinese: '保存模型频率'},
});
