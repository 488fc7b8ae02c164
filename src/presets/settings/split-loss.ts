import {classImages} from '../needs.ts';
import {toggle} from '../setting.ts';

export const splitLoss = toggle({
	key: 'splitLoss',
	group: 'optimizer',
	label: 'Instance and prior loss apart',
	help: 'Take one mean over the instance images and one over the class images.',
	longHelp: 'On: instance loss + weight x prior loss, each the mean over its own images, as in the paper. Off: one mean over all images of the batch times the mean of their weights, as the extension did with the box unticked. No effect on memory or speed. Leave it on.',
	default: true,
	needs: classImages,
	extension: {keys: ['split_loss'], english: 'Calculate Split Loss', chinese: '计算分离损失'},
});
