import {toggle} from '../setting.ts';

export const ema = toggle({
	key: 'ema',
	group: 'model',
	label: 'Average of the weights (EMA)',
	help: 'Keep a moving average of the UNet, which smooths the result.',
	longHelp: 'After each optimizer step a second copy of the UNet moves a little towards the trained one. It takes 4 bytes a parameter (3.2 GiB for SD 1.5) and little time; the effect on short runs is small. '
		+ 'The average is in f32, begins at once and warms up, so it also holds a run of a few hundred steps. The extension used a constant 0.9999, which after 1,000 steps is still 90 % base model.',
	default: false,
	needs: {test: values => values.trainUnet === true && values.training !== 'lora', reason: 'The UNet is not trained, or by a LoRA, which has no average.'},
	extension: {keys: ['use_ema'], english: 'Use EMA', chinese: '使用 EMA'},
	aliases: ['exponential moving average', '指数移动平均'],
});
