export {continueRun, programFile, startRun, type RunRequest} from './launch.ts';
export {sampleInProcess, type SampleProgress, type SampleJob} from './sample-process.ts';
