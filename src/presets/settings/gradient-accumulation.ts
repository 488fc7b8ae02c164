import {int} from '../setting.ts';

export const gradientAccumulation = int({
	key: 'gradientAccumulation',
	group: 'schedule',
	label: 'Gradient accumulation',
	help: 'Passes whose gradients are averaged before the weights move.',
	longHelp: 'Acts like a batch of batch size times this number, with the memory of one batch plus one set of gradients, and takes that many times as long for each optimizer step. 1 switches it off. '
		+ 'Learning rate, EMA and intervals count optimizer steps; the extension advanced them in each pass.',
	min: 1,
	max: 1000,
	step: 1,
	default: 1,
	unit: 'passes',
	extension: {keys: ['gradient_accumulation_steps'], english: 'Gradient Accumulation Steps', chinese: '梯度累积步数'},
	aliases: ['梯度累加步数'],
});
