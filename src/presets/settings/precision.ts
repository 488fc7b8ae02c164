import {choice} from '../setting.ts';

export const precision = choice({
	key: 'precision',
	group: 'memory',
	label: 'Mixed precision',
	help: 'The number format of the heavy arithmetic; the trained weights always stay f32.',
	longHelp: 'bf16 halves the activations and is much faster on GPUs that have it; it keeps the range of f32 with fewer digits, so it needs no loss scaling. On a CPU without bf16 instructions it is slower than f32. f32 is the exact choice. '
		+ 'The extension refused anything but `no` on the CPU; here bf16 on the CPU is allowed with a warning.',
	choices: [
		{value: 'f32', help: 'full precision'},
		{value: 'bf16', help: '16 bits, half the activations'},
	],
	default: 'f32',
	extension: {keys: ['mixed_precision'], english: 'Mixed Precision', chinese: '混合精度'},
	aliases: ['bf16', 'fp16', 'fp32', '精度'],
});
