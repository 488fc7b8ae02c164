import {toggle} from '../setting.ts';

export const zeroTerminalSnr = toggle({
	key: 'zeroTerminalSnr',
	group: 'optimizer',
	label: 'Zero terminal SNR',
	help: 'Train with a noise schedule that ends in pure noise, for very dark and very bright pictures.',
	longHelp: 'The published schedule leaves a trace of the image at its last timestep, which teaches models a medium brightness. This rescales it (Lin et al. 2023). Only for models that predict velocity. '
		+ 'The finished model is marked (rescale_betas_zero_snr, trailing timesteps, and the ztsnr key for A1111 and ComfyUI), and samples use the same schedule. No effect on memory or speed. The extension did not have it.',
	default: false,
	aliases: ['ztsnr', 'rescale betas', '零终端信噪比'],
});
