import {int} from '../setting.ts';

export const maxTokenLength = int({
	key: 'maxTokenLength',
	group: 'text',
	label: 'Longest prompt',
	help: 'Tokens of a prompt that are read; the rest is cut off.',
	longHelp: 'A token is a short word or a part of one. Above 75 a prompt is read in pieces of 75, whose states are joined to 152, 227 or 302; the text encoder runs once for each piece and cross-attention grows with them. Samples of the run are made the same way, as other programs do with long prompts. '
		+ 'Prompts that are cut are named at the start. In the extension captions were cut at 75 whatever was set.',
	min: 75,
	max: 300,
	step: 75,
	multipleOf: 75,
	default: 75,
	unit: 'tokens',
	extension: {keys: ['max_token_length'], english: 'Max Token Length', chinese: '最大文本标记长度'},
	aliases: ['long prompts', '长提示词'],
});
