import {toggle} from '../setting.ts';

export const deterministic = toggle({
	key: 'deterministic',
	group: 'device',
	label: 'Deterministic',
	help: 'The same bits at each repetition, at some cost in speed.',
	longHelp: 'Makes floating-point sums run in a fixed order, so that a repeated or resumed run on the same machine ends with exactly the same weights. Slower; only needed to compare runs bit for bit. No effect on memory or quality.',
	default: false,
	extension: {keys: ['deterministic'], english: 'Deterministic', chinese: '确定性'},
	aliases: ['reproducible', '可复现'],
});
