import {decayProgress, type Schedule, warmupFactor} from './schedule.ts';

const endRate = 1e-7;

/** Down to the rate 1e-7 with a power: ((lr − 1e-7)(1 − p)^power + 1e-7) / lr. A rate that is lower from the start stays as it is. */
export const polynomial: Schedule<'polynomial'> = {
	name: 'polynomial',
	factor(step, options) {
		const {learningRate, power = 1} = options;
		const end = Math.min(1, endRate / learningRate);
		return warmupFactor(step, options) ?? (1 - end) * (1 - decayProgress(step, options)) ** power + end;
	},
};
