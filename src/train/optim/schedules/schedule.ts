/** What a schedule may depend on beside the step. */
export interface ScheduleOptions {
	/** The rate that the factor multiplies. */
	readonly learningRate: number;
	/** Steps over which the rate rises from 0; the first of them runs at rate 0. */
	readonly warmupSteps: number;
	/** All optimizer steps of the run: every decay ends here. */
	readonly totalSteps: number;
	/** Of 'cosine_with_restarts'; a whole number ≥ 1. */
	readonly cycles?: number;
	/** Of 'polynomial'. */
	readonly power?: number;
	/** Of 'constant' and 'ramp': the share of the rate that they begin with. */
	readonly startFactor?: number;
	/** Of 'constant', 'ramp' and the annealing ones: the share of the run at which their first part ends. */
	readonly position?: number;
	/** Of the annealing ones: where they end, as a rate. */
	readonly minLearningRate?: number;
	/** Of 'piecewise_constant': `factor:step` pairs and a last factor, `1:10,0.1:20,0.01` = 1 up to step 10, 0.1 up to 20, then 0.01. */
	readonly rules?: string;
}

/** A learning-rate schedule as it stands in the list. */
export interface Schedule<Name extends string = string> {
	/** Its name in configs. */
	readonly name: Name;
	/** The factor on the learning rate for the next optimizer step, `step` of them being done. */
	factor(step: number, options: ScheduleOptions): number;
}

/** step / warmupSteps during the warm-up, undefined after it. */
export const warmupFactor = (step: number, {warmupSteps}: ScheduleOptions): number | undefined => (step < warmupSteps ? step / warmupSteps : undefined);

/** How much of the time after the warm-up is over: 0 … 1. */
export function decayProgress(step: number, {warmupSteps, totalSteps}: ScheduleOptions): number {
	return Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
}
