import type {Schedule} from './schedule.ts';

/** Rises in a line from `startFactor` to 1 over `position` of the run: what the A1111 extension called linear. */
export const ramp: Schedule<'ramp'> = {
	name: 'ramp',
	factor(step, {startFactor = 1, position = 1, totalSteps}) {
		const end = Math.max(1, Math.floor(totalSteps * position));
		return startFactor + (1 - startFactor) * Math.min(1, step / end);
	},
};
