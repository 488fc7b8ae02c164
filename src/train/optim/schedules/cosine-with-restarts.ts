import {decayProgress, type Schedule, warmupFactor} from './schedule.ts';

/** `cycles` half waves from 1 to 0, each beginning anew at 1: ½(1 + cos π·(cycles·p mod 1)). */
export const cosineWithRestarts: Schedule<'cosine_with_restarts'> = {
	name: 'cosine_with_restarts',
	factor(step, options) {
		const progress = decayProgress(step, options);
		return warmupFactor(step, options) ?? (progress >= 1 ? 0 : (1 + Math.cos(Math.PI * (((options.cycles ?? 1) * progress) % 1))) / 2);
	},
};
