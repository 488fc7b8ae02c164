import type {Schedule} from './schedule.ts';

/** 1 from the first step on, or `startFactor` up to `position` of the run; a warm-up does not count. */
export const constant: Schedule<'constant'> = {
	name: 'constant',
	factor: (step, {startFactor = 1, position = 1, totalSteps}) => (startFactor < 1 && step < Math.floor(totalSteps * position) ? startFactor : 1),
};
