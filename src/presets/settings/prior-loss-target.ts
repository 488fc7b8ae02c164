import {scaledPriorLoss} from '../needs.ts';
import {int} from '../setting.ts';

export const priorLossTarget = int({
	key: 'priorLossTarget',
	group: 'optimizer',
	label: 'Epochs until the minimum',
	help: 'The epoch from which on the prior loss weight is at its minimum.',
	longHelp: 'The weight is halfway between its value and its minimum at half of these epochs. The extension called it a target as if it were a loss; it always was a number of epochs. No effect on memory or speed.',
	unit: 'epochs',
	min: 1,
	max: 10000,
	step: 10,
	default: 100,
	needs: scaledPriorLoss,
	extension: {keys: ['prior_loss_target'], english: 'Prior Loss Target', chinese: '先验损失目标'},
});
