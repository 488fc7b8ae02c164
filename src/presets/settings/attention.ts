import {choice} from '../setting.ts';

export const attention = choice({
	key: 'attention',
	group: 'memory',
	label: 'Memory attention',
	help: 'How attention is computed: all at once, or in less memory.',
	longHelp: 'Both give the same result up to rounding. Full keeps every score: 2.7 GiB per image of 512 pixels for SD 1.5, 13.6 GiB at 768. Chunked computes a few queries at a time and keeps none. Full is a little faster where it fits, as in the demo model. '
		+ 'Fused is one kernel for the large layers, as fast as full or faster and in the least memory; it needs an NVIDIA GPU, bf16 or f16 and the engine xla, and is checked against full when a run begins. Layers and machines without it compute in chunks. '
		+ 'The names of the extension: default is full; xformers and flash_attention are fused.',
	choices: [
		{value: 'full', help: 'all scores at once: fastest, most memory'},
		{value: 'chunked', help: 'piece by piece: memory-efficient, exact'},
		{value: 'fused', help: 'one kernel of the GPU: fast, least memory'},
	],
	default: 'chunked',
	extension: {keys: ['attention'], english: 'Memory Attention', chinese: '显存注意力类型'},
	aliases: ['xformers', 'flash attention', '注意力'],
});
