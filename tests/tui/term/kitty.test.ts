import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest';
import {capabilities, kittyPicture, PictureCache, Screen, TerminalAnswers} from '../../../src/tui/term/index.ts';
import {FakeTerminal} from './fake-terminal.ts';

const ESC = '\u001B';
const PLACEHOLDER = '\u{10EEEE}';

describe('a picture by placeholders', () => {
	test('tells its id by the colour, the row by the mark of each row, and is as wide as asked for', () => {
		const {rows} = kittyPicture(Buffer.from('png'), {id: 0x01_02_03, columns: 4, rows: 3});
		expect(rows).toHaveLength(3);
		for (const [index, mark] of ['\u0305', '\u030D', '\u030E'].entries()) {
			expect(rows[index]).toBe(`${ESC}[38;2;1;2;3m${PLACEHOLDER}${mark}\u0305${PLACEHOLDER.repeat(3)}${ESC}[39m`);
		}
	});

	test('is sent as PNG in pieces of 4096 characters, quietly, as a placement without a place', () => {
		const png = Buffer.from(Array.from({length: 7000}, (_, index) => index % 256));
		const {transmission} = kittyPicture(png, {id: 7, columns: 24, rows: 12});
		const pieces = [...transmission.matchAll(new RegExp(`${ESC}_G([^;]*);([^${ESC}]*)${ESC}\\\\`, 'g'))].map(([, keys, payload]) => ({keys, payload: payload!}));
		expect(pieces.map(({keys}) => keys)).toEqual(['a=T,U=1,q=2,f=100,i=7,c=24,r=12,m=1', 'q=2,m=1', 'q=2,m=0']);
		expect(pieces.every(({payload}) => payload.length <= 4096)).toBe(true);
		expect(Buffer.from(pieces.map(({payload}) => payload).join(''), 'base64')).toEqual(png);
		expect(pieces.map(piece => `${ESC}_G${piece.keys};${piece.payload}${ESC}\\`).join('')).toBe(transmission);
	});
});

describe('what the terminal answers', () => {
	const GRAPHICS = `${ESC}_Gi=31;OK${ESC}\\`;
	const KITTY = `${ESC}P>|kitty(0.42.1)${ESC}\\`;
	const ATTRIBUTES = `${ESC}[?62;4;22c`;

	function asked(): {answers: TerminalAnswers; said: string[]; heard: boolean[]} {
		const said: string[] = [];
		const heard: boolean[] = [];
		const answers = new TerminalAnswers(text => said.push(text), ({kittyPlaceholders}) => heard.push(kittyPlaceholders));
		answers.ask();
		return {answers, said, heard};
	}

	test.each([
		['kitty', GRAPHICS + KITTY + ATTRIBUTES, true],
		['Ghostty', `${GRAPHICS}${ESC}P>|ghostty 1.2.0${ESC}\\${ATTRIBUTES}`, true],
		['Konsole, which draws graphics but no placeholders', `${GRAPHICS}${ESC}P>|Konsole 24.12.0${ESC}\\${ATTRIBUTES}`, false],
		['a kitty that refuses', `${ESC}_Gi=31;EINVAL:no${ESC}\\${KITTY}${ATTRIBUTES}`, false],
		['xterm', `${ESC}P>|XTerm(390)${ESC}\\${ATTRIBUTES}`, false],
		['one that only says what it is', ATTRIBUTES, false],
	])('%s', (_, text, expected) => {
		const {answers, heard} = asked();
		expect(answers.take(text)).toBe('');
		expect(heard).toEqual([expected]);
	});

	test('does not reach the keyboard, in whatever pieces it comes, and keys do', () => {
		const text = `a${GRAPHICS}b${KITTY}${ESC}[A${ATTRIBUTES}c`;
		for (let size = 1; size <= text.length; size++) {
			const {answers, heard} = asked();
			let typed = '';
			for (let at = 0; at < text.length; at += size) {
				typed += answers.take(text.slice(at, at + size));
			}

			// Escape alone cannot be told from the key: it may come through when an answer is cut right behind it.
			if (size > 1) {
				expect(typed.replaceAll(ESC, '').replaceAll(/_Gi=31;OK\\|P>\|kitty\(0\.42\.1\)\\|\[\?62;4;22c/g, ''), `pieces of ${size}`).toBe('ab[Ac');
			}

			if (size === text.length) {
				expect(typed).toBe(`ab${ESC}[Ac`);
				expect(heard).toEqual([true]);
			}
		}
	});

	test('is waited for only for a while, and Escape is a key all the time', () => {
		const now = vi.spyOn(performance, 'now').mockReturnValue(0);
		const {answers, heard} = asked();
		expect(answers.take(ESC)).toBe(ESC);
		expect(answers.take(`x${ESC}_G`)).toBe('x');
		now.mockReturnValue(10_000);
		expect(answers.take('y')).toBe(`${ESC}_Gy`);
		expect(answers.take(`${ESC}[?6c`)).toBe(`${ESC}[?6c`);
		expect(heard).toEqual([]);
		now.mockRestore();
	});

	test('nobody asks inside tmux and GNU screen, and where there are no pictures', () => {
		const terminal = {TERM: 'xterm-kitty', LANG: 'C.UTF-8'};
		expect(capabilities(terminal, {terminal: true}).answers).toBe(true);
		expect(capabilities({...terminal, TMUX: '/tmp/tmux-1/default,1,0'}, {terminal: true}).answers).toBe(false);
		expect(capabilities({...terminal, STY: '1.pts-0'}, {terminal: true}).answers).toBe(false);
		expect(capabilities({...terminal, NO_COLOR: '1'}, {terminal: true}).answers).toBe(false);
	});
});

describe('on the screen', () => {
	let folder: string;
	let terminal: FakeTerminal;
	let screen: Screen;

	beforeEach(async () => {
		folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kitty-'));
		await sharp({create: {width: 64, height: 64, channels: 3, background: '#ff0000'}}).png().toFile(path.join(folder, 'red.png'));
		terminal = new FakeTerminal(40, 10);
		screen = new Screen(terminal);
	});
	afterEach(() => {
		screen.close();
		fs.rmSync(folder, {recursive: true});
	});

	const sent = (): string => terminal.writes.join('');
	const times = (text: string): number => sent().split(text).length - 1;

	test('a picture becomes kitty\'s when the terminal has answered, is sent once, again after a redraw, and deleted at the end', async () => {
		const pictures = new PictureCache(screen.images, capabilities({TERM: 'xterm-256color', LANG: 'C.UTF-8'}, {terminal: true}));
		const request = {file: path.join(folder, 'red.png'), version: 0, columns: 8, rows: 4};
		const drawn = async (): Promise<readonly string[]> => vi.waitFor(() => {
			const picture = pictures.request(request);
			expect(picture.state).toBe('ready');
			return picture.state === 'ready' ? picture.rows : [];
		});
		const show = (rows: readonly string[], beside: string): void => {
			screen.write(rows.map(row => `${row}       ${beside}`).join('\n'));
			screen.flush();
		};

		show(await drawn(), 'a');
		expect(sent()).toContain('48;5;196');
		const told = vi.fn();
		pictures.subscribe(told);
		screen.images.useKitty();
		expect(told).toHaveBeenCalled();
		expect(pictures.request(request)).toEqual({state: 'loading'});
		const rows = await drawn();
		show(rows, 'a');
		expect(times('_Ga=T,U=1')).toBe(1);
		expect(sent()).toContain(PLACEHOLDER);
		show(rows, 'b');
		expect(times('_Ga=T,U=1')).toBe(1);
		screen.redraw();
		expect(times('_Ga=T,U=1')).toBe(2);
		expect(times('_Ga=d,d=I')).toBe(0);
		screen.close();
		expect(times('_Ga=d,d=I')).toBe(1);
	});
});
