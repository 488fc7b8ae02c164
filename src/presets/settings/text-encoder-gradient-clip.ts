import {real} from '../setting.ts';

export const textEncoderGradientClip = real({
	key: 'textEncoderGradientClip',
	group: 'optimizer',
	label: 'Text encoder gradient clip',
	help: 'A limit of its own for the text encoder. 0: it shares the other one.',
	longHelp: 'With 0 one norm over UNet and text encoder together is limited. With a limit of its own, each network has its own norm and its own limit, so that a loud text encoder does not hold the UNet back. No effect on memory, hardly any on speed. The extension stored this value and never read it.',
	min: 0,
	max: 128,
	step: 0.1,
	default: 0,
	needs: {test: values => values.trainTextEncoder === true && values.trainUnet === true, reason: 'Only with both networks trained; with one, the gradient clip is its limit.'},
	extension: {keys: ['tenc_grad_clip_norm'], english: 'Text Encoder Gradient Clip Norm', chinese: '文本编码器梯度裁剪'},
});
