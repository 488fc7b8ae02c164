export {firstAnswers, type Answers, type SubjectChoice} from './answers.ts';
export type {StepKey} from './steps.ts';
export {Wizard, type WizardProps} from './wizard.tsx';
