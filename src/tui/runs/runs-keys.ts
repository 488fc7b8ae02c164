import {isEnded} from '../../train/protocol/index.ts';
import type {KeyBinding} from '../keys.ts';
import {listKeys, type ListContext} from '../list.tsx';
import type {ListedRun} from './run-list.ts';

export interface RunsContext extends ListContext {
	readonly listed: ListedRun | undefined;
	/** The one to compare with. */
	readonly marked: ListedRun | undefined;
	readonly watch: () => void;
	readonly resume: () => void;
	readonly again: () => void;
	readonly mark: () => void;
	readonly compare: () => void;
	readonly askRemoval: () => void;
	readonly remove: () => void;
	readonly keep: () => void;
	readonly back: () => void;
	readonly quit: () => void;
}

const none = ({listed}: RunsContext): string | undefined => listed ? undefined : 'There is no run yet.';

export const runsKeys: readonly KeyBinding<RunsContext>[] = [
	{keys: ['enter', 'right'], label: 'watch', help: 'Shows the run from its first step on.', why: none, run: ({watch}) => watch()},
	{
		keys: ['r'], label: 'resume', help: 'Goes on where the run was stopped, failed or died, and shows it.',
		when: ({listed}) => listed !== undefined && isEnded(listed.summary.state) && listed.summary.state !== 'finished', run: ({resume}) => resume(),
	},
	{keys: ['n'], label: 'new run like it', help: 'Begins a new run with its values; every one can be changed first.', why: none, run: ({again}) => again()},
	{keys: ['space'], label: 'mark', help: 'Marks the run, to compare another one with it.', why: none, run: ({mark}) => mark()},
	{
		keys: ['c'], label: 'compare', help: 'Shows the marked run and this one side by side.', when: ({marked}) => marked !== undefined,
		why: ({listed, marked}) => listed?.run.folder === marked?.run.folder ? 'This is the marked run: move to another one.' : undefined, run: ({compare}) => compare(),
	},
	{
		keys: ['x', 'backspace'], label: 'remove', help: 'Removes the run with everything it made; asks first.',
		why: context => none(context) ?? (isEnded(context.listed!.summary.state) ? undefined : 'This run is at work. Watch it and stop it first.'), run: ({askRemoval}) => askRemoval(),
	},
	...listKeys,
	{keys: ['esc', 'left', 'q'], label: 'back', help: 'The first page.', run: ({back}) => back()},
	{keys: ['ctrl+c'], label: '', help: 'Leaves; runs go on.', run: ({quit}) => quit()},
];

/** While the question is on the screen nothing else is listened to. */
export const removalKeys: readonly KeyBinding<RunsContext>[] = [
	{keys: ['y'], label: 'remove it', help: 'Removes checkpoints, samples and output for good.', run: ({remove}) => remove()},
	{keys: ['esc', 'n', 'ctrl+c', 'left'], label: 'keep it', help: 'Nothing is removed.', run: ({keep}) => keep()},
];
