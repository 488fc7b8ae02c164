import {lora} from '../needs.ts';
import {real} from '../setting.ts';

export const loraAlpha = real({
	key: 'loraAlpha',
	group: 'model',
	label: 'LoRA alpha',
	help: 'The adapters count alpha / rank times. 0 takes the rank, so that they count once.',
	longHelp: 'Half the alpha is much like half the learning rate. It is stored in the file, and every program multiplies by it, so it is no strength to be set later: that is chosen where the LoRA is used. No effect on memory or speed. '
		+ 'The extension had a weight instead, which counted only when the LoRA was merged into a model.',
	min: 0,
	max: 128,
	step: 1,
	default: 0,
	needs: lora,
	aliases: ['network alpha', 'lora scale', 'lora weight', '网络 alpha'],
});
