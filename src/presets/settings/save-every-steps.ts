import {int} from '../setting.ts';

export const saveEverySteps = int({
	key: 'saveEverySteps',
	group: 'saving',
	label: 'Save every',
	help: 'Steps between checkpoints, from which a run can be resumed; 0 saves only at the end.',
	longHelp: 'A checkpoint holds weights, optimizer state and everything else that a bit-exact resume needs: 12 bytes per trained parameter (about 12 GB for SD 1.5 with its text encoder, 35 MB for the demo model) and the time to write it. After a crash, the steps since the last one are lost.',
	min: 0,
	max: 1_000_000,
	step: 10,
	default: 250,
	unit: 'steps',
	aliases: ['checkpoint interval', '保存频率'],
});
