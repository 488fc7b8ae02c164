import {sanity} from '../needs.ts';
import {int} from '../setting.ts';

export const sanitySeed = int({
	key: 'sanitySeed',
	group: 'sampling',
	label: 'Sanity seed',
	help: 'The noise that the sanity sample starts from.',
	longHelp: 'The same seed, prompt and base model give the same picture in every run, so that runs can be compared. No effect on memory or speed.',
	min: 0,
	max: 4_294_967_295,
	step: 1,
	default: 420_420,
	extension: {keys: ['sanity_seed'], english: 'Sanity Sample Seed', chinese: '完整性示例种子'},
	needs: sanity,
});
