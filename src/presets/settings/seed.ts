import {int} from '../setting.ts';

export const seed = int({
	key: 'seed',
	group: 'device',
	label: 'Seed',
	help: 'Fixes noise, timesteps, crops and the order of the images.',
	longHelp: 'Two runs with the same seed and settings see the same images with the same noise in the same order, also after a resume. Only the order of floating-point sums may differ, see `deterministic`. No effect on memory or speed.',
	min: 0,
	max: 4_294_967_295,
	step: 1,
	default: 1,
	extension: {keys: ['seed'], english: 'Seed', chinese: '随机种子'},
	aliases: ['种子'],
});
