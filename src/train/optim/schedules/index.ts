import {constant} from './constant.ts';
import {constantWithWarmup} from './constant-with-warmup.ts';
import {cosine} from './cosine.ts';
import {cosineAnnealing, cosineAnnealingWithRestarts} from './cosine-annealing.ts';
import {cosineWithRestarts} from './cosine-with-restarts.ts';
import {linear} from './linear.ts';
import {piecewiseConstant} from './piecewise-constant.ts';
import {polynomial} from './polynomial.ts';
import {ramp} from './ramp.ts';
import {rex} from './rex.ts';
import {ScheduleError} from './schedule-error.ts';
import type {ScheduleOptions} from './schedule.ts';

export {ScheduleError} from './schedule-error.ts';
export type {Schedule, ScheduleOptions} from './schedule.ts';

/** Every learning-rate schedule. A new one is a file and a line here. */
export const schedules = [constant, constantWithWarmup, linear, cosine, cosineWithRestarts, polynomial, ramp, cosineAnnealing, cosineAnnealingWithRestarts, rex, piecewiseConstant] as const;

export type ScheduleName = (typeof schedules)[number]['name'];

/**
 * The learning rate of the next optimizer step when `step` of them are done.
 * Throws ScheduleError for an unknown name and for options that the schedule cannot use.
 */
export function learningRateAt(name: ScheduleName, step: number, options: ScheduleOptions): number {
	const schedule = schedules.find(each => each.name === name);
	if (!schedule) throw new ScheduleError(`There is no learning-rate schedule "${name}".`, {action: `Choose one of ${schedules.map(each => each.name).join(', ')}.`});
	return options.learningRate * schedule.factor(step, options);
}
