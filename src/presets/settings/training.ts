import {choice} from '../setting.ts';

export const training = choice({
	key: 'training',
	group: 'model',
	label: 'What is trained',
	help: 'The networks themselves, or a LoRA: small adapters beside them.',
	longHelp: 'A LoRA keeps the base model as it is and trains a low-rank change of its linear maps. Trained weights, gradients and optimizer state shrink to a few MB, so a card of 8 GB is enough for SD 1.5, and the result is a small file that is '
		+ 'loaded on top of any related model. Full training changes more and is worth it for a difficult likeness; it takes 16 bytes a parameter. Each has learning rates of its own.',
	choices: [
		{value: 'full', help: 'the whole networks; the result is a model'},
		{value: 'lora', help: 'low-rank adapters; the result is a LoRA file'},
	],
	default: 'full',
	extension: {keys: ['use_lora'], english: 'Use LORA', chinese: '使用 LORA'},
	aliases: ['lora', 'low-rank adaptation', 'fine-tune', '低秩适应'],
});
