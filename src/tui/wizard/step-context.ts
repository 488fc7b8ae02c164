import type {Hardware} from '../../presets/index.ts';
import type {PathCheck} from '../fields/index.ts';
import type {KeyBinding} from '../keys.ts';
import type {Area, Notice} from '../page.tsx';
import type {AnswerAction, Answers, Outcome} from './answers.ts';
import type {Step} from './steps.ts';

/** What every step is given. */
export interface StepProps {
	readonly step: Step;
	/** `step 2 of 9`. */
	readonly place: string;
	readonly area: Area;
	readonly answers: Answers;
	readonly outcome: Outcome;
	readonly hardware: Hardware;
	readonly notices: readonly Notice[];
	readonly checks: Readonly<Record<string, PathCheck>>;
	readonly recent: (key: string) => readonly string[];
	readonly dispatch: (action: AnswerAction) => void;
	/** Goes on, with the answer to the step when it is one question. */
	readonly next: (answer?: AnswerAction) => void;
	readonly back: () => void;
	/** The page about a setting, or about the step when it is about none. */
	readonly explain: (key?: string) => void;
	/** Pressed once it asks, pressed twice it leaves. */
	readonly interrupt: () => void;
}

/** What the keys that all steps share act on. */
export interface StepKeyContext extends Pick<StepProps, 'next' | 'back' | 'interrupt'> {
	readonly explainCursor: () => void;
}

export const backKeys: readonly KeyBinding<StepKeyContext>[] = [
	{keys: ['esc', 'left'], label: 'back', help: 'The step before; nothing is lost.', run: ({back}) => back()},
	{keys: ['ctrl+c'], label: '', help: 'Twice: leave.', run: ({interrupt}) => interrupt()},
	{keys: ['?'], label: 'help', help: 'What is under the cursor, and all keys.', run: ({explainCursor}) => explainCursor()},
];
