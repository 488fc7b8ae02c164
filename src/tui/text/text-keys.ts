import type {Key} from 'ink';
import {keyName} from '../keys.ts';
import type {TextLineAction} from './text-line.ts';

/** What a chunk of input asks a line of text to do: at most one change, and afterwards perhaps to be saved. */
export interface TextInput {
	readonly action?: TextLineAction;
	/** The chunk ended with Enter: a paste with its line break, or keys that a slow link delivered together. */
	readonly enter?: true;
	/** Of a paste of several lines: those after the first, which a list takes as further entries. */
	readonly moreLines?: readonly string[];
}

const byName: Readonly<Record<string, TextLineAction>> = {
	backspace: {type: 'backspace'},
	left: {type: 'left'},
	right: {type: 'right'},
	home: {type: 'start'},
	end: {type: 'end'},
	'ctrl+a': {type: 'start'},
	'ctrl+e': {type: 'end'},
	'ctrl+w': {type: 'delete-word'},
	'ctrl+u': {type: 'delete-before'},
	'ctrl+k': {type: 'delete-after'},
};

/** Reads a chunk as text: printed characters, a paste, or one of the keys that shells know. Enter alone, Esc, Tab and the like are not text. */
export function textInput(input: string, key: Key): TextInput {
	const name = keyName(input, key);
	const known = name === undefined ? undefined : byName[name];
	if (known) {
		return {action: known};
	}

	if (key.ctrl || key.meta || key.return || key.tab || input === '') {
		return {};
	}

	const [first = '', ...rest] = input.split(/\r\n?|\n/);
	return {
		action: {type: 'insert', text: first},
		...(rest.length > 0 && {enter: true}),
		...(rest.some(line => line !== '') && {moreLines: rest.filter(line => line !== '')}),
	};
}
