import {choice} from '../setting.ts';

export const outputPrecision = choice({
	key: 'outputPrecision',
	group: 'saving',
	label: 'Output precision',
	help: 'The number format of the finished model file.',
	longHelp: 'f16 halves the file (2.1 GB for SD 1.5 instead of 4.3 GB) and makes the same pictures in practice; every program reads it. Take f32 if you want to train further from the file. Checkpoints are always exact.',
	choices: [
		{value: 'f16', help: 'half the size'},
		{value: 'f32', help: 'exact'},
	],
	default: 'f16',
	extension: {keys: ['half_model'], english: 'Half Model', chinese: '半精度模型'},
	aliases: ['half precision', 'fp16 output'],
});
