export {describeEvent, phaseNames, type LogLine} from './describe-event.ts';
export {LossHistory, type LossBucket} from './loss-history.ts';
export {certainLiveness, LIVENESS_EVERY_MS, livenessOf, openRunStore, settled, type Liveness, type RunStore} from './run-store.ts';
export {emptyView, foldEvents, remainingSeconds, speedOf, type RunView, type SamplesOfStep} from './run-view.ts';
