import {choice} from '../setting.ts';

export const precision = choice({
	key: 'precision',
	group: 'memory',
	label: 'Mixed precision',
	help: 'The number format of the heavy arithmetic; the trained weights always stay f32.',
	longHelp: 'Both halves take half the memory for activations and for weights that are not trained, and are much faster on a GPU. bf16 keeps the range of f32 with fewer digits and is the first choice where the GPU has it (compute capability 8.0). f16 has more digits and less range, for older GPUs: the loss is multiplied so that small gradients are not lost, '
		+ 'by a factor that finds its size by itself; a step in which it proves too large is left out, which is normal for a few of the first. On the CPU both are slower than f32. f32 is the exact choice. '
		+ 'The extension refused anything but `no` on the CPU; here expertOverrides allows it.',
	choices: [
		{value: 'f32', help: 'full precision', aliases: ['no', 'fp32']},
		{value: 'bf16', help: '16 bits with the range of f32'},
		{value: 'f16', help: '16 bits for GPUs without bf16', aliases: ['fp16']},
	],
	default: 'f32',
	extension: {keys: ['mixed_precision'], english: 'Mixed Precision', chinese: '混合精度'},
	aliases: ['bf16', 'fp16', 'fp32', '精度'],
});
