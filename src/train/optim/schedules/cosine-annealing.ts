import type {Schedule, ScheduleOptions} from './schedule.ts';

/** From the rate to its floor in half a wave over `position` of the run (torch's CosineAnnealingLR: the wave goes on after that). */
export const cosineAnnealing: Schedule<'cosine_annealing'> = {
	name: 'cosine_annealing',
	factor: (step, options) => annealed(step / periodOf(options), options),
};

/** The same in half of that time, and again from the top (torch's CosineAnnealingWarmRestarts). */
export const cosineAnnealingWithRestarts: Schedule<'cosine_annealing_with_restarts'> = {
	name: 'cosine_annealing_with_restarts',
	factor(step, options) {
		const period = Math.max(1, Math.floor(periodOf(options) / 2));
		return annealed((step % period) / period, options);
	},
};

const periodOf = ({totalSteps, position = 1}: ScheduleOptions): number => Math.max(1, Math.floor(totalSteps * position));

function annealed(progress: number, {learningRate, minLearningRate = 0}: ScheduleOptions): number {
	// A rate that is below the floor (the text encoder's may be) stays as it is.
	const floor = Math.min(1, minLearningRate / learningRate);
	return floor + ((1 - floor) * (1 + Math.cos(Math.PI * progress))) / 2;
}
