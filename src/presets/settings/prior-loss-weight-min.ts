import {scaledPriorLoss} from '../needs.ts';
import {real} from '../setting.ts';

export const priorLossWeightMin = real({
	key: 'priorLossWeightMin',
	group: 'optimizer',
	label: 'Minimum prior loss weight',
	help: 'What the prior loss weight comes down to.',
	longHelp: 'Reached at the target epoch and kept from there on. At most the prior loss weight. No effect on memory or speed.',
	min: 0,
	max: 2,
	step: 0.05,
	default: 0.1,
	needs: scaledPriorLoss,
	extension: {keys: ['prior_loss_weight_min'], english: 'Minimum Prior Loss Weight', chinese: '最小先验损失权重'},
});
