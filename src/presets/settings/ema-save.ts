import {average} from '../needs.ts';
import {toggle} from '../setting.ts';

export const emaSave = toggle({
	key: 'emaSave',
	group: 'saving',
	label: 'Save the average',
	help: 'Write the averaged UNet as a file of its own beside the trained model.',
	longHelp: 'output/NAME_ema_unet.safetensors, in f32, with the names of diffusers. The extension put these tensors into the model\'s own file, which other programs stumbled over.',
	default: true,
	needs: average,
	extension: {keys: ['save_ema'], english: 'Save EMA Weights to Generated Models', chinese: '将 EMA 权重保存到生成的模型'},
});
