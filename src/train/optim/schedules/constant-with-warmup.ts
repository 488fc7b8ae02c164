import {type Schedule, warmupFactor} from './schedule.ts';

/** Up to 1 in a straight line, then 1. */
export const constantWithWarmup: Schedule<'constant_with_warmup'> = {
	name: 'constant_with_warmup',
	factor: (step, options) => warmupFactor(step, options) ?? 1,
};
