import {toggle} from '../setting.ts';

export const saveModelDuring = toggle({
	key: 'saveModelDuring',
	group: 'saving',
	label: 'Write the model with each checkpoint',
	help: 'Write the finished form of the model again and again during the run.',
	longHelp: 'With every checkpoint the model is also written as it is then, as output/NAME_STEP beside those before it, so that you can try several and keep the best. Costs the time of the write and 4 GB of disk for SD 1.5 in f16 (both forms), and no device memory. At the end of a run the model is always written.',
	default: false,
	extension: {keys: ['save_ckpt_during'], english: 'Generate a .ckpt file when saving during training', chinese: '训练期间保存模型'},
});
