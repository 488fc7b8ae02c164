import type {Schedule} from './schedule.ts';

/** 1 from the first step on; a warm-up does not count. */
export const constant: Schedule<'constant'> = {
	name: 'constant',
	factor: () => 1,
};
