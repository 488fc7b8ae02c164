import type {Schedule} from './schedule.ts';

const SMALLEST = 1e-8;

/** (1 − p) / (0.1 + 0.9·(1 − p)): falls slowly at first and quickly at the end (Chen et al. 2021, "REX: revisiting budgeted training"). */
export const rex: Schedule<'rex'> = {
	name: 'rex',
	factor(step, {totalSteps}) {
		const left = 1 - Math.min(1, step / totalSteps);
		return SMALLEST + ((1 - SMALLEST) * left) / (1 - 0.9 + 0.9 * left);
	},
};
