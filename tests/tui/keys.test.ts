import type {Key} from 'ink';
import {describe, expect, test, vi} from 'vitest';
import {dispatchKey, keyHints, keyName, keySign, validBindings, type KeyBinding} from '../../src/tui/keys.ts';

const noKey: Key = {
	upArrow: false, downArrow: false, leftArrow: false, rightArrow: false, pageDown: false, pageUp: false, home: false, end: false, return: false, escape: false,
	ctrl: false, shift: false, tab: false, backspace: false, delete: false, meta: false, super: false, hyper: false, capsLock: false, numLock: false,
};

interface Lamp {
	readonly on: boolean;
	readonly broken: boolean;
	readonly toggle: () => void;
}

const table: readonly KeyBinding<Lamp>[] = [
	{keys: ['o', 'enter'], label: 'on', help: 'Switch on.', when: ({on}) => !on, why: ({broken}) => broken ? 'It is broken.' : undefined, run: ({toggle}) => toggle()},
	{keys: ['f'], label: 'off', help: 'Switch off.', when: ({on}) => on, run: ({toggle}) => toggle()},
	{keys: ['?'], label: 'help', help: 'This list.', run() {}},
];

describe('the name of a key', () => {
	test.each([
		['p', {}, 'p'], ['?', {}, '?'], [' ', {}, 'space'], ['c', {ctrl: true}, 'ctrl+c'], ['', {leftArrow: true}, 'left'], ['', {return: true}, 'enter'],
		['', {delete: true}, 'backspace'], ['', {tab: true, shift: true}, 'shift+tab'], ['pasted text', {}, undefined], ['犬', {}, '犬'], ['', {}, undefined],
	] as const)('%j %j is %j', (input, key, name) => {
		expect(keyName(input, {...noKey, ...key})).toBe(name);
	});

	test.each([['left', '←', 'left'], ['ctrl+c', 'Ctrl-C', 'Ctrl-C'], ['p', 'p', 'p']])('%s is written %s or %s', (name, unicode, ascii) => {
		expect(keySign(name, {unicode: true})).toBe(unicode);
		expect(keySign(name, {unicode: false})).toBe(ascii);
	});
});

describe('one table', () => {
	test('runs the binding whose time it is', () => {
		const toggle = vi.fn();
		const refused = vi.fn();
		expect(dispatchKey(table, {on: false, broken: false, toggle}, 'enter', refused)).toBe(true);
		expect(dispatchKey(table, {on: true, broken: false, toggle}, 'o', refused)).toBe(false);
		expect(toggle).toHaveBeenCalledTimes(1);
		expect(refused).not.toHaveBeenCalled();
	});

	test('says why a binding cannot act, and does not run it', () => {
		const toggle = vi.fn();
		const refused = vi.fn();
		expect(dispatchKey(table, {on: false, broken: true, toggle}, 'o', refused)).toBe(true);
		expect(refused).toHaveBeenCalledWith('It is broken.');
		expect(toggle).not.toHaveBeenCalled();
	});

	test('shows in the footer only what acts now', () => {
		const labels = (on: boolean, broken: boolean): string[] => validBindings(table, {on, broken, toggle() {}}).map(({label}) => label);
		expect(labels(false, false)).toEqual(['on', 'help']);
		expect(labels(false, true)).toEqual(['help']);
		expect(labels(true, true)).toEqual(['off', 'help']);
	});

	test('keeps the last hint however narrow the footer', () => {
		const context = {on: false, broken: false, toggle() {}};
		expect(keyHints(table, context, {width: 13, unicode: true}).map(({label}) => label)).toEqual(['on', 'help']);
		expect(keyHints(table, context, {width: 12, unicode: true}).map(({label}) => label)).toEqual(['help']);
	});
});
