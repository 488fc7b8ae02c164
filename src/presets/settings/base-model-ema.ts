import {toggle} from '../setting.ts';

export const baseModelEma = toggle({
	key: 'baseModelEma',
	group: 'model',
	label: 'Start from the EMA weights',
	help: 'Of a base model in one file that has averaged (EMA) weights too: start from those.',
	longHelp: 'Some published files of 7 GB and more hold the UNet twice: as it was at the last step of its training, and averaged over many. The averaged one makes better pictures; the other one is usually taken to train further from, and is what every program loads by itself. dreambooth show FILE says whether a file has both. No effect on memory or speed.',
	default: false,
	extension: {keys: ['extract_ema'], english: 'Extract EMA Weights', chinese: '提取 EMA 权重'},
	aliases: ['use ema', 'ema weights'],
});
