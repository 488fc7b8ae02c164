import {text} from '../setting.ts';

export const gpu = text({
	key: 'gpu',
	group: 'device',
	label: 'Graphics card',
	help: 'Which of several GPUs trains: auto, its number in nvidia-smi, or its UUID.',
	longHelp: 'Auto takes the card with the most free memory when training starts, of those that CUDA_VISIBLE_DEVICES leaves to this program. A number counts as nvidia-smi does, in the order of the bus; nvidia-smi -L lists the UUIDs, which stay the same when cards are added. Memory plan and advice are those of this card, and the trainer sees no other.',
	default: 'auto',
	pattern: {matches: /^(?:auto|\d{1,3}|GPU-[\da-f-]{8,36})$/, says: 'be "auto", the number of a GPU, such as "0" (nvidia-smi counts them from 0), or its UUID, such as "GPU-5d9a8f2e-..."'},
	needs: {test: values => values.device !== 'cpu', reason: 'Training runs on the CPU.'},
	aliases: ['gpu index', 'gpu id', 'cuda device', 'CUDA_VISIBLE_DEVICES', '显卡'],
});
