import {toggle} from '../setting.ts';

export const trainTextEncoder = toggle({
	key: 'trainTextEncoder',
	group: 'model',
	label: 'Train text encoder',
	help: 'Teach the network that reads the prompt, too: a big gain in likeness.',
	longHelp: 'With the text encoder trained the subject needs far fewer steps and looks much more like itself; it also overfits sooner, so give it a lower learning rate than the UNet. '
		+ 'It costs 12 bytes a parameter more (1.4 GiB for SD 1.5) and some time. Enable it whenever it fits, and use the other savers to make room.',
	default: true,
	extension: {keys: ['train_text_encoder'], english: 'Train Text Encoder', chinese: '训练文本编码器'},
	aliases: ['text encoder', '文本编码器'],
});
