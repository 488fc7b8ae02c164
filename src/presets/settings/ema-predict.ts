import {average} from '../needs.ts';
import {toggle} from '../setting.ts';

export const emaPredict = toggle({
	key: 'emaPredict',
	group: 'sampling',
	label: 'Samples show the average',
	help: 'Make the run\'s sample images with the averaged UNet.',
	longHelp: 'The average takes the UNet\'s place while samples are made and is exchanged back, bit for bit, before the next step. It never takes part in training; in the extension it did.',
	default: false,
	needs: average,
	extension: {keys: ['ema_predict'], english: 'Use EMA for Prediction', chinese: '使用 EMA 进行预测'},
});
