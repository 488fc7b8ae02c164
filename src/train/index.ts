export {evaluateInProcess, type Evaluation, type EvaluationJob, type EvaluationRow} from './evaluation-process.ts';
export {continueRun, programFile, startRun, type RunRequest} from './launch.ts';
export {sampleInProcess, type SampleProgress, type SampleJob} from './sample-process.ts';
