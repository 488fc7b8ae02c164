import {choice} from '../setting.ts';

export const optimizer = choice({
	key: 'optimizer',
	group: 'optimizer',
	label: 'Optimizer',
	help: 'How gradients become steps, and how much memory that takes.',
	longHelp: 'AdamW is what the recipes were made with. Its state is 8 bytes a trained parameter; with 8-bit state it is 2 (for SD 1.5 4.8 GiB less), at about the same speed and quality. Lion keeps half as much as AdamW and wants a fifth to a tenth of its learning rate (5e-7) and twice the weight decay. '
		+ 'Adafactor keeps nearly nothing of linear layers but two thirds of convolutions (for SD 1.5 1.5 GiB, as much as 8-bit AdamW), and scales its steps by each tensor\'s size: so its rates are some thirty times AdamW\'s (6e-5). SGD is for comparison. The extension fell back to plain AdamW in silence when a library was missing; here all of them are built in.',
	choices: [
		{value: 'adamw', help: '8 bytes a parameter; the rule'},
		{value: 'adamw8bit', help: '2 bytes a parameter; as good'},
		{value: 'lion', help: '4 bytes a parameter; lower rates'},
		{value: 'lion8bit', help: '1 byte a parameter; lower rates'},
		{value: 'adafactor', help: '2 bytes a parameter; higher rates'},
		{value: 'sgd', help: '4 bytes a parameter; for comparison'},
	],
	default: 'adamw',
	extension: {keys: ['optimizer', 'use_8bit_adam'], english: 'Optimizer', chinese: '优化器'},
	aliases: ['8bit adam', '8-bit AdamW', 'lion', 'adafactor', '8位 AdamW'],
});
