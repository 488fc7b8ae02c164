import {real} from '../setting.ts';

export const learningRate = real({
	key: 'learningRate',
	group: 'optimizer',
	label: 'Learning rate',
	help: 'How far the UNet moves at each step.',
	longHelp: 'The first thing to change when a result is off: lower when images turn harsh or all alike, higher when the subject does not appear. 1e-6 to 6e-6 is usual for full SD 1.5 with AdamW; the small demo model takes 1e-4. No effect on memory or speed.',
	min: 1e-10,
	max: 1,
	step: 1e-6,
	default: 2e-6,
	needs: {test: values => values.training !== 'lora', reason: 'A LoRA has learning rates of its own.'},
	extension: {keys: ['learning_rate'], english: 'Learning Rate', chinese: '学习率'},
	aliases: ['lr', 'unet learning rate'],
});
