export {inspectImages, type InspectedImage, type Inspection} from './inspect-images.ts';
export type {Finding, FindingKind} from './finding.ts';
export {describePlan, type CompilePlan} from '../compile-plan.ts';
export {planFunctions} from './plan-functions.ts';
export {planSteps, type PlannedRow, type PlannedStep} from './plan-steps.ts';
export {saveCrops} from './save-crops.ts';
