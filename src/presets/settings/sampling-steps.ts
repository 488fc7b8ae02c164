import {samples} from '../needs.ts';
import {int} from '../setting.ts';

export const samplingSteps = int({
	key: 'samplingSteps',
	group: 'sampling',
	label: 'Sampling steps',
	help: 'Steps from noise to a sample image.',
	longHelp: '20 are enough for DPM++ 2M and UniPC, 30 to 50 for the others. Time grows in proportion; memory does not.',
	min: 1,
	max: 1000,
	step: 1,
	default: 20,
	unit: 'steps',
	needs: samples,
	aliases: ['Sample Steps', '采样步数', 'inference steps'],
});
