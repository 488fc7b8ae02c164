import {toggle} from '../setting.ts';

export const padTokens = toggle({
	key: 'padTokens',
	group: 'text',
	label: 'Pad prompts',
	help: 'Fill each prompt up to 75 tokens, as the base model was trained.',
	longHelp: 'Leave it on: programs that make images fill up, too. Off gives the text encoder the words alone, between start and end, in training and in the samples of the run; that works with batches of 1 and 75 tokens only, and each length of prompt has functions of its own to prepare. '
		+ 'In the extension, off failed as soon as a batch held prompts of several lengths.',
	default: true,
	extension: {keys: ['pad_tokens'], english: 'Pad Tokens', chinese: '填充文本标记'},
	aliases: ['padding', '填充'],
});
