import type {Preset} from '../../presets/index.ts';
import type {KeyBinding} from '../keys.ts';
import {listKeys, type ListContext} from '../list.tsx';

/** What is asked for by a line of text. */
export type Prompted = 'rename' | 'duplicate' | 'export' | 'import';

export interface PresetsContext extends ListContext {
	readonly preset: Preset | undefined;
	/** The one to compare with. */
	readonly marked: Preset | undefined;
	readonly load: () => void;
	readonly ask: (what: Prompted | 'remove') => void;
	readonly mark: () => void;
	readonly compare: () => void;
	readonly remove: () => void;
	readonly keep: () => void;
	readonly back: () => void;
	readonly quit: () => void;
}

const ofProgram = ({preset}: PresetsContext): string | undefined => preset?.shipped ? 'It comes with the program and stays as it is. Duplicate it and change the copy.' : undefined;
const damaged = ({preset}: PresetsContext): string | undefined => preset?.config ? undefined : 'It cannot be used: see what is wrong with it below the list.';

export const presetsKeys: readonly KeyBinding<PresetsContext>[] = [
	{keys: ['enter', 'right'], label: 'use', help: 'Begins a run with these values; every one can be changed first.', why: damaged, run: ({load}) => load()},
	{keys: ['r'], label: 'rename', help: 'Gives it another name.', why: ofProgram, run: ({ask}) => ask('rename')},
	{keys: ['d'], label: 'duplicate', help: 'Copies it under another name.', run: ({ask}) => ask('duplicate')},
	{keys: ['c', 'v'], label: 'compare', help: 'Shows what differs from the defaults, or from the marked preset.', why: damaged, run: ({compare}) => compare()},
	{keys: ['space'], label: 'mark', help: 'Marks the preset, to compare another one with it.', why: damaged, run: ({mark}) => mark()},
	{keys: ['e'], label: 'export', help: 'Writes it as a config file (JSON).', why: damaged, run: ({ask}) => ask('export')},
	{keys: ['i'], label: 'import', help: 'Keeps a config file as a preset.', run: ({ask}) => ask('import')},
	{keys: ['x', 'backspace'], label: 'remove', help: 'Removes it; asks first.', why: ofProgram, run: ({ask}) => ask('remove')},
	...listKeys,
	{keys: ['esc', 'left', 'q'], label: 'back', help: 'The first page.', run: ({back}) => back()},
	{keys: ['ctrl+c'], label: '', help: 'Leaves.', run: ({quit}) => quit()},
];

/** While the question is on the screen nothing else is listened to. */
export const removalKeys: readonly KeyBinding<PresetsContext>[] = [
	{keys: ['y'], label: 'remove it', help: 'Removes the preset for good; runs keep their values.', run: ({remove}) => remove()},
	{keys: ['esc', 'n', 'ctrl+c', 'left'], label: 'keep it', help: 'Nothing is removed.', run: ({keep}) => keep()},
];

/** For the footer: the keys of the line of text. */
export const typingKeys: readonly KeyBinding<PresetsContext>[] = [
	{keys: ['enter'], label: 'take', help: '', run() {}},
	{keys: ['esc'], label: 'give up', help: '', run() {}},
];
