import type {checkInputs as CheckInputs} from './check-inputs.ts';
import type {mergeModels as MergeModels} from './merge.ts';

/** See check-inputs.ts, which reads pictures: its libraries are loaded when it is called. */
export const checkInputs: typeof CheckInputs = async (config, about) => (await import('./check-inputs.ts')).checkInputs(config, about);

/** See merge.ts, which few need. */
export const mergeModels: typeof MergeModels = async (merge, tell) => (await import('./merge.ts')).mergeModels(merge, tell);

export {evaluateInProcess, type Evaluation, type EvaluationJob, type EvaluationRow} from './evaluation-process.ts';
export type {Merge, MergeReport} from './merge.ts';
export {extractInProcess, type Extraction, type ExtractionReport} from './extract-process.ts';
export {continueRun, programFile, startRun, type RunRequest} from './launch.ts';
export {sampleInProcess, type SampleProgress, type SampleJob} from './sample-process.ts';
