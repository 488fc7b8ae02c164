import {average} from '../needs.ts';
import {toggle} from '../setting.ts';

export const emaExport = toggle({
	key: 'emaExport',
	group: 'saving',
	label: 'The average is the result',
	help: 'Write the averaged UNet as the trained model\'s UNet.',
	longHelp: 'The finished model holds the average instead of the last weights, and its name ends in _ema. Smoother than the last step; on short runs hardly different.',
	default: false,
	needs: average,
	extension: {keys: ['infer_ema'], english: 'Use EMA Weights for Inference', chinese: '使用 EMA 权重进行推理'},
});
