import {lora} from '../needs.ts';
import {real} from '../setting.ts';

export const loraDropout = real({
	key: 'loraDropout',
	group: 'model',
	label: 'LoRA dropout',
	help: 'The share of values that adapters do not see, other ones at each step.',
	longHelp: 'Against learning a few photos by heart: 0.1 is usual, 0 leaves it off. Values of what goes into an adapter are left out and the others grow by as much as to make up for it, as in peft; samples, validation and the written file know nothing of it. '
		+ 'It takes a little time: on a GPU with XLA next to nothing. The network dropout of kohya leaves out what comes out of the first half of an adapter instead, which is not the same.',
	min: 0,
	max: 0.9,
	step: 0.05,
	default: 0,
	needs: lora,
	aliases: ['lora_dropout', 'adapter dropout', '丢弃率'],
});
