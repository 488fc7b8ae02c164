import {decayProgress, type Schedule, warmupFactor} from './schedule.ts';

/** Half a wave from 1 to 0: ½(1 + cos πp). */
export const cosine: Schedule<'cosine'> = {
	name: 'cosine',
	factor: (step, options) => warmupFactor(step, options) ?? (1 + Math.cos(Math.PI * decayProgress(step, options))) / 2,
};
