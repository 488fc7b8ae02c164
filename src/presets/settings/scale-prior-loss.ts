import {classImages} from '../needs.ts';
import {toggle} from '../setting.ts';

export const scalePriorLoss = toggle({
	key: 'scalePriorLoss',
	group: 'optimizer',
	label: 'Lower the prior loss weight over time',
	help: 'Begin at the prior loss weight and come down to the minimum.',
	longHelp: 'The weight falls in a straight line, epoch by epoch, from the prior loss weight to its minimum. Holds the class at the beginning and gives likeness at the end. No effect on memory or speed. It looks at the epoch, not at the loss, and goes on after a resume where it was; the extension began anew at each start.',
	default: false,
	needs: classImages,
	extension: {keys: ['prior_loss_scale'], english: 'Scale Prior Loss', chinese: '缩放先验损失'},
});
