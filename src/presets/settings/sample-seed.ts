import {samples} from '../needs.ts';
import {int} from '../setting.ts';

export const sampleSeed = int({
	key: 'sampleSeed',
	group: 'sampling',
	label: 'Sample seed',
	help: 'The noise that sample images start from, the same at each interval.',
	longHelp: 'A fixed seed shows how one and the same picture changes while the model learns. Each prompt has its own noise. No effect on training itself.',
	min: 0,
	max: 4_294_967_295,
	step: 1,
	default: 420_420,
	needs: samples,
	aliases: ['Sample Seed', '示例种子', 'preview seed'],
});
