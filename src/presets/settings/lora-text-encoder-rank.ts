import {lora} from '../needs.ts';
import {int} from '../setting.ts';

export const loraTextEncoderRank = int({
	key: 'loraTextEncoderRank',
	group: 'model',
	label: 'LoRA rank, text encoder',
	help: 'How much the adapters of the text encoder can express.',
	longHelp: 'The same as the rank of the UNet, for the text encoder\'s adapters: 1.3 MB of the file at 4 for SD 1.5. Memory and speed hardly change. The name of a subject is learned with a small rank.',
	min: 2,
	max: 128,
	step: 2,
	default: 4,
	needs: {test: values => lora.test(values) && values.trainTextEncoder === true, reason: 'No LoRA of the text encoder is trained.'},
	extension: {keys: ['lora_txt_rank'], english: 'Lora Text Encoder Rank', chinese: 'Lora 文本编码器秩'},
});
