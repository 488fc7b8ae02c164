export {adamw, type AdamOptions} from './adamw.ts';
export {clipCoefficient, globalNorm} from './clip.ts';
export {emaDecay, type EmaRule} from './ema-decay.ts';
export type {Optimizer, StepScalars, Update} from './optimizer.ts';
export {learningRateAt, ScheduleError, schedules, type Schedule, type ScheduleName, type ScheduleOptions} from './schedules/index.ts';
