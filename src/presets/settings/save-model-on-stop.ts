import {toggle} from '../setting.ts';

export const saveModelOnStop = toggle({
	key: 'saveModelOnStop',
	group: 'saving',
	label: 'Write the model when stopped',
	help: 'Also write the finished form of the model when you stop the run with a save.',
	longHelp: 'Stopping asks whether the training state is kept; with this on, the model is written too, as output/NAME_STEP. In the extension hidden boxes decided what a cancelled training left behind.',
	default: false,
	extension: {keys: ['save_ckpt_cancel'], english: 'Generate a .ckpt file when training is canceled', chinese: '取消训练时保存模型'},
});
