import {choice} from '../setting.ts';

export const attention = choice({
	key: 'attention',
	group: 'memory',
	label: 'Memory attention',
	help: 'How attention is computed: all at once, or piece by piece in less memory.',
	longHelp: 'Both give the same result up to rounding. Full keeps every score: 2.7 GiB per image of 512 pixels for SD 1.5, 13.6 GiB at 768. Chunked computes a few queries at a time and keeps none. Full is a little faster where it fits, as in the demo model. '
		+ 'The names of the extension: default is full; xformers and flash_attention are chunked.',
	choices: [
		{value: 'full', help: 'all scores at once: fastest, most memory'},
		{value: 'chunked', help: 'piece by piece: memory-efficient, exact'},
	],
	default: 'chunked',
	extension: {keys: ['attention'], english: 'Memory Attention', chinese: '显存注意力类型'},
	aliases: ['xformers', 'flash attention', '注意力'],
});
