import {lora} from '../needs.ts';
import {int} from '../setting.ts';

export const loraRank = int({
	key: 'loraRank',
	group: 'model',
	label: 'LoRA rank, UNet',
	help: 'How much the adapters of the UNet can express.',
	longHelp: 'Each adapter is a product of two matrices with this many columns and rows between them. File size grows with it: 3.4 MB at 4 and 14 MB at 16 for SD 1.5. Memory and speed hardly change. 4 to 16 is enough for one subject; a higher rank learns more from the photos, also what you do not want.',
	min: 2,
	max: 128,
	step: 2,
	default: 4,
	needs: {test: values => lora.test(values) && values.trainUnet === true, reason: 'No LoRA of the UNet is trained.'},
	extension: {keys: ['lora_unet_rank'], english: 'Lora UNET Rank', chinese: 'Lora UNET 秩'},
	aliases: ['network dim', 'lora dim', 'network rank', '网络维度'],
});
