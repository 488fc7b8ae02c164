import type {checkInputs as CheckInputs} from './check-inputs.ts';

/** See check-inputs.ts, which reads pictures: its libraries are loaded when it is called. */
export const checkInputs: typeof CheckInputs = async (config, about) => (await import('./check-inputs.ts')).checkInputs(config, about);

export {evaluateInProcess, type Evaluation, type EvaluationJob, type EvaluationRow} from './evaluation-process.ts';
export {continueRun, programFile, startRun, type RunRequest} from './launch.ts';
export {sampleInProcess, type SampleProgress, type SampleJob} from './sample-process.ts';
