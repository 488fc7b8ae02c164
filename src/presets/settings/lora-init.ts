import {lora} from '../needs.ts';
import {choice} from '../setting.ts';

export const loraInit = choice({
	key: 'loraInit',
	group: 'model',
	label: 'LoRA initialisation',
	help: 'What the first half of each adapter begins with; the second begins with zeros.',
	longHelp: 'So an adapter changes nothing at first, whichever is chosen. kaiming draws evenly within 1 / √(inputs), as kohya, and peft when it is not told otherwise; gaussian draws normally with a deviation of 1 / rank, as the DreamBooth scripts of diffusers and the extension. '
		+ 'Gaussian begins with larger values at small ranks, so that the same learning rate goes further. No effect on memory or speed, and none when a LoRA is continued.',
	choices: [
		{value: 'kaiming', help: 'as kohya and peft'},
		{value: 'gaussian', help: 'as the scripts of diffusers'},
	],
	default: 'kaiming',
	needs: lora,
	aliases: ['init_lora_weights', 'lora init', '初始化'],
});
