import {choice} from '../setting.ts';

export const device = choice({
	key: 'device',
	group: 'device',
	label: 'Device',
	help: 'Where training runs.',
	longHelp: 'Auto takes what can train on this machine and says which it is. The CPU works everywhere and is 30 to 40 times slower than a GPU: fine for the demo model, a last resort for SD 1.5.',
	choices: [
		{value: 'auto', help: 'what this machine can do'},
		{value: 'cpu', help: 'the processor, always'},
		{value: 'gpu', help: 'the graphics card, or stop'},
	],
	default: 'auto',
	extension: {keys: ['use_cpu', 'force_cpu'], english: 'Use CPU Only', chinese: '仅使用 CPU'},
	aliases: ['cuda', '设备'],
});
