export {AttributeProbe, type Attributes} from './attribute-probe.ts';
export {contactSheet} from './contact-sheet.ts';
export {demoPrompts, evaluateDemo, type DemoPrompt, type Judges} from './evaluate.ts';
export {compareFigures, type Trained} from './report.ts';
export {Subject, type Similarity} from './subject-similarity.ts';
export type {Picture} from './thumbnail.ts';
