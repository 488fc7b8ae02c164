import {int} from '../setting.ts';

export const sampleEverySteps = int({
	key: 'sampleEverySteps',
	group: 'sampling',
	label: 'Sample every',
	help: 'Steps between sample images; 0 makes none.',
	longHelp: 'Samples are also made before the first step and after the last, so you see the change. Each costs as many passes of the UNet as it has sampling steps, twice with guidance. They never change the training.',
	min: 0,
	max: 1_000_000,
	step: 10,
	default: 100,
	unit: 'steps',
	aliases: ['preview interval', '预览'],
});
