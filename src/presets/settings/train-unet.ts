import {toggle} from '../setting.ts';

export const trainUnet = toggle({
	key: 'trainUnet',
	group: 'model',
	label: 'Train UNet',
	help: 'Teach the network that draws.',
	longHelp: 'The UNet learns what the subject looks like. Trained in f32 with AdamW it takes 16 bytes a parameter (12.8 GiB for SD 1.5), frozen it takes 4. '
		+ 'Off, only the text encoder learns, which rarely is enough for a likeness. The average (EMA) is of the UNet, so it goes off with it.',
	default: true,
	extension: {keys: ['train_unet'], english: 'Train UNET', chinese: '训练 UNET'},
	aliases: ['unet'],
});
