import {int} from '../setting.ts';

export const keepCheckpoints = int({
	key: 'keepCheckpoints',
	group: 'saving',
	label: 'Keep checkpoints',
	help: 'How many of the newest checkpoints stay on disk.',
	longHelp: 'Older ones are deleted after a newer one is safely on disk, so there must be room for one more than this number. 2 lets you go back one.',
	min: 1,
	max: 1000,
	step: 1,
	default: 2,
	unit: 'checkpoints',
	aliases: ['checkpoints_total_limit', 'snapshots', '检查点'],
});
