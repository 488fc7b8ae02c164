import {choice} from '../setting.ts';

export const sampler = choice({
	key: 'sampler',
	group: 'sampling',
	label: 'Sampler',
	help: 'How sample and class images are drawn from noise.',
	longHelp: 'DPM++ 2M is good with 20 steps; DDIM is the classic and the demo uses it; UniPC is good with few steps; Euler a adds noise at each step, so its images keep changing with the number of steps. No effect on training itself.',
	choices: [
		{value: 'ddim', help: 'DDIM'},
		{value: 'euler', help: 'Euler'},
		{value: 'euler_a', help: 'Euler ancestral'},
		{value: 'dpmpp_2m', help: 'DPM++ 2M'},
		{value: 'pndm', help: 'PNDM (PLMS)'},
		{value: 'unipc', help: 'UniPC'},
	],
	default: 'dpmpp_2m',
	extension: {keys: ['scheduler'], english: 'Image Generation Scheduler', chinese: '采样器'},
	aliases: ['sampling method', '采样方法'],
});
