import type {KeyBinding} from '../keys.ts';
import {listKeys, type ListContext} from '../list.tsx';
import {backKeys, type StepKeyContext} from './step-context.ts';

export interface ConceptsContext extends StepKeyContext, ListContext {
	readonly open: (concept: number) => void;
	readonly add: () => void;
	readonly askRemoval: () => void;
	readonly remove: () => void;
	readonly keep: () => void;
}

const digitKey = (index: number): KeyBinding<ConceptsContext> => ({keys: [String(index + 1)], label: '', help: 'Opens this one.', when: ({count}) => index < count, run: ({open}) => open(index)});

export const conceptKeys: readonly KeyBinding<ConceptsContext>[] = [
	{keys: ['enter'], label: 'edit', help: 'Opens the questions of the concept under the cursor.', run: ({open, cursor}) => open(cursor)},
	{keys: ['a'], label: 'add', help: 'Teaches one more subject in the same run.', run: ({add}) => add()},
	{keys: ['x', 'backspace'], label: 'remove', help: 'Takes the concept out of the run; asks first.', run: ({askRemoval}) => askRemoval()},
	{keys: ['right', 'n', 'tab'], label: 'next step', help: 'The next step.', run: ({next}) => next()},
	...Array.from({length: 9}, (_, index) => digitKey(index)),
	...listKeys,
	...backKeys,
];

/** While the question is on the screen nothing else is listened to. */
export const removalKeys: readonly KeyBinding<ConceptsContext>[] = [
	{keys: ['y'], label: 'remove it', help: 'Takes it out of the run; its images stay.', run: ({remove}) => remove()},
	{keys: ['esc', 'n', 'ctrl+c', 'left'], label: 'keep it', help: 'Nothing is removed.', run: ({keep}) => keep()},
];
