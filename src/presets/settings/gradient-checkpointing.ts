import {toggle} from '../setting.ts';

export const gradientCheckpointing = toggle({
	key: 'gradientCheckpointing',
	group: 'memory',
	label: 'Gradient checkpointing',
	help: 'Keep less from the forward pass and compute it again: less memory, slower.',
	longHelp: 'Activations shrink to about 0.4 GiB per image of 512 pixels for SD 1.5 (from 0.9), and a step takes about a fifth longer. The result is the same. Use it when the memory plan needs it or for larger batches.',
	default: false,
	extension: {keys: ['gradient_checkpointing'], english: 'Gradient Checkpointing', chinese: '梯度检查点'},
	aliases: ['activation checkpointing'],
});
