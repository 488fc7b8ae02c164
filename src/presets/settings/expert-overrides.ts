import {toggle} from '../setting.ts';

export const expertOverrides = toggle({
	key: 'expertOverrides',
	group: 'device',
	label: 'Expert overrides',
	help: 'Let me do what the rules advise against but the program can.',
	longHelp: 'Some combinations are blocked because they do no good: 8-bit state or half precision on the CPU, 8-bit state without half precision. With this on they are warnings. Rules that protect the result or your files are never lifted.',
	default: false,
	aliases: ['expert', 'force', '专家模式'],
});
