import {real} from '../setting.ts';

export const captionDropout = real({
	key: 'captionDropout',
	group: 'text',
	label: 'Caption dropout',
	help: 'The probability that an image is shown without any prompt.',
	longHelp: 'Teaches what guidance subtracts: the model without words. It also teaches your images to the empty prompt, so keep it low: 0 to 0.1. Drawn anew each time an image is seen. No effect on memory or speed.',
	min: 0,
	max: 1,
	step: 0.05,
	default: 0,
	aliases: ['caption_dropout_rate', 'unconditional', '提示词丢弃'],
});
