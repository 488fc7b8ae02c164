import {average} from '../needs.ts';
import {choice} from '../setting.ts';

export const emaMemory = choice({
	key: 'emaMemory',
	group: 'memory',
	label: 'Where the average is kept',
	help: 'On the device, or in the host\'s memory to leave the device room.',
	longHelp: 'In host memory the average costs the GPU nothing (3.2 GiB less for SD 1.5), but all weights travel to the host at every step, which takes about a second for SD 1.5. On the CPU both are the same memory and device is faster.',
	choices: [
		{value: 'device', help: 'updated inside the step: no time'},
		{value: 'host', help: 'no device memory, slower steps'},
	],
	default: 'device',
	needs: average,
	extension: {keys: ['ema_on_cpu']},
});
