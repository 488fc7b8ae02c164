export {describeEvent, phaseNames, type LogLine} from './describe-event.ts';
export {noHistories, type Histories} from './histories.ts';
export {certainLiveness, LIVENESS_EVERY_MS, livenessOf, openRunStore, settled, type Liveness, type RunStore} from './run-store.ts';
export {bestValidation, emptyView, epochEnd, foldEvents, learningRateScale, remainingSeconds, speedOf, type RunView, type SamplesOfStep} from './run-view.ts';
export {StepHistory, type StepBucket, type StepValue} from './step-history.ts';
