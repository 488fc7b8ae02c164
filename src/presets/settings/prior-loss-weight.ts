import {classImages} from '../needs.ts';
import {real} from '../setting.ts';

export const priorLossWeight = real({
	key: 'priorLossWeight',
	group: 'optimizer',
	label: 'Prior loss weight',
	help: 'How strongly class images hold the model to what it knew.',
	longHelp: 'Higher keeps other members of the class as they were and overfits less, lower gives more likeness. 1 fits most cases. No effect on memory; class images themselves double the work of a step.',
	min: 0,
	max: 2,
	step: 0.05,
	default: 1,
	needs: classImages,
	extension: {keys: ['prior_loss_weight'], english: 'Prior Loss Weight', chinese: '先验损失权重'},
	aliases: ['prior preservation', '先验保留'],
});
