import {isEnded} from '../../train/protocol/index.ts';
import type {KeyBinding} from '../keys.ts';
import {listKeys, type ListContext} from '../list.tsx';
import type {ListedRun} from './run-list.ts';

export interface RunsContext extends ListContext {
	readonly listed: ListedRun | undefined;
	readonly watch: () => void;
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
