import {describe, expect, test} from 'vitest';
import {capabilities, wantsSpeech} from '../../../src/tui/term/index.ts';

const UTF8 = {LANG: 'en_US.UTF-8'};

describe('capabilities', () => {
	test.each([
		['ssh to most terminals', {...UTF8, TERM: 'xterm-256color'}, {interactive: true, colors: 256, unicode: true, pictures: 'half-blocks'}],
		['tmux', {...UTF8, TERM: 'tmux-256color'}, {interactive: true, colors: 256, unicode: true, pictures: 'half-blocks'}],
		['a terminal that says truecolour', {...UTF8, TERM: 'xterm-256color', COLORTERM: 'truecolor'}, {interactive: true, colors: 16_777_216, unicode: true, pictures: 'half-blocks'}],
		['16 colours', {...UTF8, TERM: 'linux'}, {interactive: true, colors: 16, unicode: true, pictures: 'shades'}],
		['no locale', {TERM: 'xterm-256color'}, {interactive: true, colors: 256, unicode: false, pictures: 'shades'}],
		['LC_ALL=C over LANG', {...UTF8, LC_ALL: 'C', TERM: 'xterm-256color'}, {interactive: true, colors: 256, unicode: false, pictures: 'shades'}],
		['LC_CTYPE over LANG', {LANG: 'C', LC_CTYPE: 'C.utf8', TERM: 'xterm-256color'}, {interactive: true, colors: 256, unicode: true, pictures: 'half-blocks'}],
		['NO_COLOR', {...UTF8, TERM: 'xterm-256color', COLORTERM: 'truecolor', NO_COLOR: '1'}, {interactive: true, colors: 0, unicode: true, pictures: 'none'}],
		['an empty NO_COLOR, which means nothing', {...UTF8, TERM: 'xterm-256color', NO_COLOR: ''}, {interactive: true, colors: 256, unicode: true, pictures: 'half-blocks'}],
		['a dumb terminal', {...UTF8, TERM: 'dumb'}, {interactive: false, colors: 0, unicode: true, pictures: 'none'}],
	] as const)('of %s', (_, environment, expected) => {
		expect(capabilities(environment, {terminal: true})).toMatchObject(expected);
	});

	test.each([{ACCESSIBLE: '1'}, {INK_SCREEN_READER: 'true'}])('with a screen reader (%j): plain lines', reader => {
		expect(capabilities({...UTF8, TERM: 'xterm-256color', ...reader}, {terminal: true})).toMatchObject({interactive: false, pictures: 'none'});
		expect(wantsSpeech(reader)).toBe(true);
		expect(wantsSpeech({ACCESSIBLE: '0', INK_SCREEN_READER: ''})).toBe(false);
	});

	test('of a pipe: plain lines', () => {
		expect(capabilities({...UTF8, TERM: 'xterm-256color'}, {terminal: false})).toMatchObject({interactive: false, colors: 0, pictures: 'none'});
	});

	test('the person\'s own word goes over the environment', () => {
		expect(capabilities({...UTF8, TERM: 'xterm'}, {terminal: true, color: 'truecolor'})).toMatchObject({colors: 16_777_216, pictures: 'half-blocks'});
		expect(capabilities({...UTF8, TERM: 'xterm-256color'}, {terminal: true, color: 'none'})).toMatchObject({colors: 0, pictures: 'none'});
	});
});
