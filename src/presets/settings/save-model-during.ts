import {toggle} from '../setting.ts';

export const saveModelDuring = toggle({
	key: 'saveModelDuring',
	group: 'saving',
	label: 'Write the model with each checkpoint',
	help: 'Keep the finished form of the model up to date during the run.',
	longHelp: 'At every checkpoint the model files in output/ are written anew, so you can try the model elsewhere while it trains. Costs the time of the write (about 4 GB for SD 1.5 in f16, both forms) and no device memory. At the end of a run the model is always written.',
	default: false,
	extension: {keys: ['save_ckpt_during'], english: 'Generate a .ckpt file when saving during training', chinese: '训练期间保存模型'},
});
