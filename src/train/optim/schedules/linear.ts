import {decayProgress, type Schedule, warmupFactor} from './schedule.ts';

/** Down to 0 in a straight line: 1 − p. */
export const linear: Schedule<'linear'> = {
	name: 'linear',
	factor: (step, options) => warmupFactor(step, options) ?? 1 - decayProgress(step, options),
};
