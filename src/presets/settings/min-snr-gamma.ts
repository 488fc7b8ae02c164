import {real} from '../setting.ts';

export const minSnrGamma = real({
	key: 'minSnrGamma',
	group: 'optimizer',
	label: 'Min-SNR gamma',
	help: 'Keep timesteps with little noise from dominating the loss. 0 is off, 5 is usual.',
	longHelp: 'Weighs each image by min(SNR, gamma) / SNR of its own timestep (velocity models: / (SNR + 1)), instance and class images alike. Training settles faster and steadier. No effect on memory or speed. '
		+ 'The SNR is that of the base model\'s own noise schedule. The extension showed the setting in a late version and never used it.',
	min: 0,
	max: 20,
	step: 0.5,
	default: 0,
	extension: {keys: ['min_snr_gamma'], english: 'Min SNR Gamma', chinese: '最小信噪比 Gamma'},
	aliases: ['snr', '信噪比'],
});
