import type {Key} from 'ink';
import {useLatestInput} from './latest-input.ts';

/**
 * One thing a person can do by key. A screen has one table of these; dispatch, the footer and the `?` overlay are views of it.
 * `Context` is whatever the screen's actions need; it is passed in anew for each key press, so a table can be a constant.
 */
export interface KeyBinding<Context> {
	/** Names as `keyName` gives them; the first is shown. */
	readonly keys: readonly string[];
	/** One or two words for the footer. */
	readonly label: string;
	/** A sentence for the `?` overlay. */
	readonly help: string;
	/** False: the key means nothing here and is hidden. Default: always there. */
	readonly when?: (context: Context) => boolean;
	/** The reason why the key does nothing just now; it stays in the `?` overlay, and pressing it shows the reason. */
	readonly why?: (context: Context) => string | undefined;
	readonly run: (context: Context) => void;
}

/**
 * The name of a key press: a printed character as itself (`p`, `?`, `/`), else `enter`, `esc`, `tab`, `shift+tab`, `space`, `backspace`,
 * `left`, `right`, `up`, `down`, `pageup`, `pagedown`, `home`, `end`, `ctrl+c`. Undefined for pasted text, which must not act as keys.
 */
export function keyName(input: string, key: Key): string | undefined {
	if (key.return) {
		return 'enter';
	}

	if (key.escape) {
		return 'esc';
	}

	if (key.tab) {
		return key.shift ? 'shift+tab' : 'tab';
	}

	// Ink 6 reports Backspace as `delete`.
	if (key.backspace || key.delete) {
		return 'backspace';
	}

	const named = ([['leftArrow', 'left'], ['rightArrow', 'right'], ['upArrow', 'up'], ['downArrow', 'down'],
		['pageUp', 'pageup'], ['pageDown', 'pagedown'], ['home', 'home'], ['end', 'end']] as const).find(([flag]) => key[flag]);
	if (named) {
		return named[1];
	}

	if ([...input].length !== 1) {
		return undefined;
	}

	if (key.ctrl) {
		return `ctrl+${input}`;
	}

	return input === ' ' ? 'space' : input;
}

const SIGNS: Record<string, {unicode: string; ascii: string}> = {
	left: {unicode: '←', ascii: 'left'}, right: {unicode: '→', ascii: 'right'}, up: {unicode: '↑', ascii: 'up'}, down: {unicode: '↓', ascii: 'down'},
	enter: {unicode: 'Enter', ascii: 'Enter'}, esc: {unicode: 'Esc', ascii: 'Esc'}, tab: {unicode: 'Tab', ascii: 'Tab'}, space: {unicode: 'Space', ascii: 'Space'},
	home: {unicode: 'Home', ascii: 'Home'}, end: {unicode: 'End', ascii: 'End'}, pageup: {unicode: 'PgUp', ascii: 'PgUp'}, pagedown: {unicode: 'PgDn', ascii: 'PgDn'},
};

/** How a key is written for people: `←`, `Enter`, `Ctrl-C`, `p`. */
export function keySign(name: string, {unicode}: {unicode: boolean}): string {
	const sign = SIGNS[name];
	if (sign) {
		return unicode ? sign.unicode : sign.ascii;
	}

	return name.startsWith('ctrl+') ? `Ctrl-${name.slice(5).toUpperCase()}` : name;
}

/** The bindings that mean something in this context, whether or not they can act just now. */
export function visibleBindings<Context>(bindings: readonly KeyBinding<Context>[], context: Context): readonly KeyBinding<Context>[] {
	return bindings.filter(binding => binding.when?.(context) ?? true);
}

/** The bindings that would act now: what a footer shows. */
export function validBindings<Context>(bindings: readonly KeyBinding<Context>[], context: Context): readonly KeyBinding<Context>[] {
	return visibleBindings(bindings, context).filter(binding => binding.why?.(context) === undefined);
}

export interface KeyHint {
	readonly sign: string;
	readonly label: string;
}

/** As many hints, in the table's order, as fit in `width` columns with ` · ` between them; the last binding of the table is always kept. */
export function keyHints<Context>(bindings: readonly KeyBinding<Context>[], context: Context, {width, unicode}: {width: number; unicode: boolean}): readonly KeyHint[] {
	const hints = validBindings(bindings, context).filter(binding => binding.label !== '')
		.map(binding => ({sign: keySign(binding.keys[0] ?? '', {unicode}), label: binding.label}));
	const last = hints.at(-1);
	if (!last) {
		return [];
	}

	const fitting: KeyHint[] = [];
	let room = width - hintWidth(last);
	for (const hint of hints.slice(0, -1)) {
		room -= hintWidth(hint) + 3;
		if (room < 0) {
			break;
		}

		fitting.push(hint);
	}

	return [...fitting, last];
}

function hintWidth({sign, label}: KeyHint): number {
	return sign.length + 1 + label.length;
}

/** Runs what the key means in this context; `refused` is called with the reason when it cannot act now. Returns whether the key meant something. */
export function dispatchKey<Context>(bindings: readonly KeyBinding<Context>[], context: Context, name: string, refused: (reason: string) => void): boolean {
	const binding = visibleBindings(bindings, context).find(({keys}) => keys.includes(name));
	if (!binding) {
		return false;
	}

	const reason = binding.why?.(context);
	if (reason === undefined) {
		binding.run(context);
	} else {
		refused(reason);
	}

	return true;
}

/** Binds the table to the keyboard while `isActive` (default true). */
export function useKeys<Context>(
	bindings: readonly KeyBinding<Context>[],
	context: Context,
	{isActive = true, refused = () => {}, otherwise}: {isActive?: boolean; refused?: (reason: string) => void; otherwise?: (name: string) => void} = {},
): void {
	useLatestInput((input, key) => {
		for (const name of keyNames(input, key)) {
			if (!dispatchKey(bindings, context, name, refused)) {
				otherwise?.(name);
			}
		}
	}, {isActive});
}

/** A slow link delivers Ctrl-C pressed twice as one chunk. Letters in one chunk are a paste and mean nothing. */
function keyNames(input: string, key: Key): readonly string[] {
	const letters = [...input].map(character => character.charCodeAt(0) + 0x60);
	if (letters.length > 1 && letters.every(letter => letter > 0x60 && letter <= 0x7A)) {
		return letters.map(letter => `ctrl+${String.fromCharCode(letter)}`);
	}

	const name = keyName(input, key);
	return name === undefined ? [] : [name];
}
