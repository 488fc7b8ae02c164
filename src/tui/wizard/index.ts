export {firstAnswers, type Answers, type SubjectChoice} from './answers.ts';
export {Wizard, type WizardProps} from './wizard.tsx';
