import {choice} from '../setting.ts';

export const learningRateSchedule = choice({
	key: 'learningRateSchedule',
	group: 'schedule',
	label: 'Learning rate schedule',
	help: 'How the learning rate changes over the run.',
	longHelp: 'Counted in optimizer steps of the whole run, so a falling schedule ends exactly at the last step. constant_with_warmup is the safe choice; cosine and linear calm the end of long runs. No effect on memory or speed. '
		+ 'In the extension falling schedules ended at half of the run when there were class images, its `linear` rose, and its `cosine` came back to full rate at the end.',
	choices: [
		{value: 'constant', help: 'the same rate throughout, or a share of it at first'},
		{value: 'constant_with_warmup', help: 'rises during warm-up, then stays'},
		{value: 'linear', help: 'rises during warm-up, then falls in a line to 0'},
		{value: 'cosine', help: 'rises during warm-up, then falls in half a cosine to 0'},
		{value: 'cosine_with_restarts', help: 'falls in cosines, back to the top at each restart'},
		{value: 'polynomial', help: 'rises during warm-up, then falls by a power to 1e-7'},
		{value: 'ramp', help: 'rises from a share of the rate in a line, then stays'},
		{value: 'cosine_annealing', help: 'falls in half a cosine to the lowest rate'},
		{value: 'cosine_annealing_with_restarts', help: 'falls to the lowest rate, again and again'},
		{value: 'rex', help: 'falls slowly at first and quickly at the end'},
	],
	default: 'constant_with_warmup',
	extension: {keys: ['lr_scheduler'], english: 'Learning Rate Scheduler', chinese: '学习率调度器'},
	aliases: ['lr schedule', '学习率计划'],
});
