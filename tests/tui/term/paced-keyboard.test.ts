import {beforeEach, describe, expect, test, vi} from 'vitest';
import {PacedKeyboard} from '../../../src/tui/term/index.ts';
import {FakeKeyboard, KEYS} from '../fake-keyboard.ts';

let keyboard: FakeKeyboard;
let paced: PacedKeyboard;
let keys: (string | null)[];

beforeEach(() => {
	keyboard = new FakeKeyboard();
	paced = new PacedKeyboard(keyboard as unknown as NodeJS.ReadStream);
	keys = [];
	paced.on('readable', () => {
		keys.push(paced.read());
		expect(paced.read()).toBeNull();
	});
});

describe('keys that arrive together are given one by one', () => {
	test.each([
		['arrows and Enter', `${KEYS.down}${KEYS.down}${KEYS.enter}`, [KEYS.down, KEYS.down, KEYS.enter]],
		['a text and its Enter', `5e-6${KEYS.enter}`, ['5e-6', KEYS.enter]],
		['a correction', `ab${KEYS.backspace}c`, ['ab', KEYS.backspace, 'c']],
		['Ctrl-C twice', '\u0003\u0003', ['\u0003', '\u0003']],
		['Esc and a letter, which terminals send for Alt', `${KEYS.escape}b`, [`${KEYS.escape}b`]],
		['Esc alone', KEYS.escape, [KEYS.escape]],
		['function keys', '\u001BOP\u001B[5~', ['\u001BOP', '\u001B[5~']],
	])('%s', async (_, chunk, expected) => {
		keyboard.type(chunk);
		await vi.waitFor(() => expect(keys).toEqual(expected));
	});
});

describe('a paste stays whole', () => {
	test('of several lines, on a terminal that marks pastes', async () => {
		keyboard.type(`a\u001B[200~one\rtwo`);
		keyboard.type(`\tthree\u001B[201~${KEYS.enter}`);
		await vi.waitFor(() => expect(keys).toEqual(['a', 'one\rtwo\tthree', KEYS.enter]));
	});

	test('of several lines, on one that does not', async () => {
		keyboard.type('one\rtwo\r');
		await vi.waitFor(() => expect(keys).toEqual(['one\rtwo\r']));
	});
});

test('a keyboard that nobody listens to any more gives nothing', async () => {
	keyboard.type('a');
	paced.removeAllListeners('readable');
	keyboard.type('b');
	expect(keyboard.listenerCount('readable')).toBe(0);
	expect(keys).toEqual([]);
});
