import {choice} from '../setting.ts';

export const loss = choice({
	key: 'loss',
	group: 'optimizer',
	label: 'Loss',
	help: 'How the error of a pixel counts: its square, or less for large ones.',
	longHelp: 'Squared is the loss that the models were made with. Huber counts large errors in proportion instead of squared, so that a single odd image pulls less; take it where some of your images are poor. No effect on memory or speed. The extension had squared only.',
	choices: [
		{value: 'squared', help: 'mean squared error, as the paper'},
		{value: 'huber', help: 'pseudo-Huber: large errors pull less'},
	],
	default: 'squared',
	extension: {keys: ['loss_type']},
	aliases: ['mse', 'l2', 'huber', '损失函数'],
});
