import {real} from '../setting.ts';

export const textEncoderStepRatio = real({
	key: 'textEncoderStepRatio',
	group: 'text',
	label: 'Share of the run with the text encoder',
	help: 'Train the text encoder only in the first part of the run. 1 is all of it.',
	longHelp: 'The text encoder learns in the first epochs, this share of all of them (rounded to whole epochs), and is then kept as it is. Stopping early keeps the model open to other words. '
		+ 'When it stops, its optimizer state and gradients are freed (12 bytes a parameter, 1.4 GiB for SD 1.5) and steps become faster. The extension kept them to the end of the run.',
	min: 0,
	max: 1,
	step: 0.05,
	default: 1,
	needs: {test: values => values.trainTextEncoder === true, reason: 'The text encoder is not trained.'},
	extension: {keys: ['stop_text_encoder'], english: 'Step Ratio of Text Encoder Training', chinese: '文本编码器训练步数比'},
});
