import {choice} from '../setting.ts';

export const engine = choice({
	key: 'engine',
	group: 'device',
	label: 'Engine',
	help: 'How the training step is executed.',
	longHelp: 'All engines give the same numbers up to rounding. Graph starts in about a second and is the choice on a CPU; XLA compiles for 20 seconds and more before the first step and pays off on a GPU; eager needs no compilation and is the slowest and hungriest. Auto chooses by device; on a GPU it compiles what is called often, and runs shapes that come up too rarely to pay for their compilation as plain graphs where memory allows (dreambooth inspect lists them).',
	choices: [
		{value: 'auto', help: 'graph on the CPU, XLA on a GPU'},
		{value: 'eager', help: 'operation by operation'},
		{value: 'graph', help: 'as one TensorFlow graph'},
		{value: 'xla', help: 'as one compiled program'},
	],
	default: 'auto',
	aliases: ['compile', 'jit', '编译'],
});
