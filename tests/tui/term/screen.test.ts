import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {ImageRows, Screen} from '../../../src/tui/term/index.ts';
import {FakeTerminal} from './fake-terminal.ts';

const COLUMNS = 40;
const ROWS = 10;
const ESC = '\u001B';

let terminal: FakeTerminal;
let screen: Screen;

beforeEach(() => {
	terminal = new FakeTerminal(COLUMNS, ROWS);
	screen = new Screen(terminal);
});

afterEach(() => {
	screen.close();
});

/** Shows a frame and returns the bytes it took. */
function show(rows: readonly string[]): number {
	const before = terminal.bytes;
	screen.write(rows.join('\n'));
	screen.flush();
	return terminal.bytes - before;
}

/** Deterministic numbers in [0, 1): mulberry32. */
function randomNumbers(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6D_2B_79_F5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}

const stripStyles = (row: string): string => row.replaceAll(new RegExp(`${ESC}\\[[\\d;]*m`, 'g'), '');

describe('what is on the screen', () => {
	test('after any sequence of frames it is exactly the last frame, and nothing has scrolled', async () => {
		const random = randomNumbers(7);
		const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
		const words = ['loss', '0.114', '⣿⣤⣀', '███░░', `${ESC}[36mcyan${ESC}[39m`, `${ESC}[1m${ESC}[2mboth${ESC}[22m`, ' ', '      ', '犬', '🐕', 'é', `${ESC}[38;5;120mx${ESC}[0m`];
		for (let frame = 0; frame < 80; frame++) {
			const rows = Array.from({length: 1 + Math.floor(random() * (ROWS + 2))}, () =>
				Array.from({length: Math.floor(random() * 7)}, () => pick(words)).join(''));
			show(rows);
			const expected = rows.slice(0, ROWS).map(row => stripStyles(row).trimEnd());
			// oxlint-disable-next-line no-await-in-loop
			const seen = await terminal.screen();
			expect(seen.map(row => row.trimEnd())).toEqual([...expected, ...Array.from({length: ROWS - expected.length}, () => '')]);
		}

		expect(await terminal.state()).toEqual({alternate: true, scrolled: 0});
	});

	test('colours follow the cells when a row changes in its middle', async () => {
		show([`${ESC}[36mname${ESC}[39m step 1 ${ESC}[31mbad${ESC}[39m`]);
		show([`${ESC}[36mname${ESC}[39m ${ESC}[2mstep 2${ESC}[22m ${ESC}[31mbad${ESC}[39m`]);
		expect(await terminal.cell(0, 0)).toMatchObject({text: 'n', foreground: 6, dim: false});
		expect(await terminal.cell(10, 0)).toMatchObject({text: '2', foreground: -1, dim: true});
		expect(await terminal.cell(12, 0)).toMatchObject({text: 'b', foreground: 1, dim: false});
	});

	test('a row that fills the width keeps its last column', async () => {
		show(['x'.repeat(COLUMNS)]);
		show([`${'x'.repeat(COLUMNS - 1)}y`, 'z'.repeat(COLUMNS + 20)]);
		expect((await terminal.screen()).slice(0, 2)).toEqual([`${'x'.repeat(COLUMNS - 1)}y`, 'z'.repeat(COLUMNS)]);
	});

	test('after a resize it is the new frame, whole', async () => {
		screen.on('resize', () => screen.write(`now ${screen.columns}x${screen.rows}`));
		show(['a'.repeat(COLUMNS), 'b'.repeat(COLUMNS)]);
		terminal.resize(30, 8);
		expect(await terminal.screen()).toEqual(['now 30x8', ...Array.from({length: 7}, () => '')]);
	});

	test('redraw brings back what another program wrote over', async () => {
		show(['ours', 'also ours']);
		terminal.write(`${ESC}[1;1Hgarbage`);
		screen.redraw();
		expect((await terminal.screen()).slice(0, 2)).toEqual(['ours', 'also ours']);
	});
});

describe('what is sent', () => {
	test('one changed row of a full screen costs at most 200 bytes, one changed number at most 40', () => {
		const rows = Array.from({length: ROWS}, (_, row) => `row ${row} `.padEnd(COLUMNS, '⣿'));
		show(rows);
		expect(show(rows.with(3, 'another row'.padEnd(COLUMNS, '⣤')))).toBeLessThanOrEqual(200);
		show(rows);
		expect(show(rows.with(4, rows[4]!.replace('4', '5')))).toBeLessThanOrEqual(40);
	});

	test('an equal frame costs nothing', () => {
		show(['same', 'same']);
		expect(show(['same', 'same'])).toBe(0);
	});

	test('a picture is sent once, and not again when the text beside it changes', () => {
		const picture = screen.images.add([`${ESC}[48;5;20m    ${ESC}[0m`, `${ESC}[48;5;21m    ${ESC}[0m`], 4);
		show([`1${picture[0]}   |`, `1${picture[1]}   |`]);
		expect(terminal.writes.at(-1)).toContain('48;5;21');
		show([`2${picture[0]}   |`, `2${picture[1]}   |`]);
		expect(terminal.writes.at(-1)).not.toContain('48;5');
	});
});

describe('pictures', () => {
	test('show their colours where the placeholders were laid out', async () => {
		const [row] = screen.images.add([`${ESC}[48;5;20m  ${ESC}[48;5;21m  ${ESC}[0m`], 4);
		show([`ab${row}   cd`]);
		expect((await terminal.cell(2, 0)).background).toBe(20);
		expect((await terminal.cell(5, 0)).background).toBe(21);
		expect(await terminal.cell(6, 0)).toMatchObject({text: 'c', background: -1});
	});

	test('a new picture in the place of the old one is drawn', async () => {
		const [first] = screen.images.add([`${ESC}[48;5;20m  ${ESC}[0m`], 2);
		show([first!]);
		screen.images.remove([first!]);
		const [second] = screen.images.add([`${ESC}[48;5;30m  ${ESC}[0m`], 2);
		show([second!]);
		expect((await terminal.cell(1, 0)).background).toBe(30);
	});

	test('a cropped picture is blank rather than broken', () => {
		const images = new ImageRows();
		const [row] = images.add(['####'], 4);
		const shown = (text: string): string => images.expand(text).replace(/[\uE000-\uF8FF]+/, run => images.expandRun(run));
		expect(shown(`a${row}   b`)).toBe('a####b');
		expect(shown(`a${row}     b`)).toBe('a####  b');
		// Ink leaves blanks at the end of a row out.
		expect(shown(`a${row}`)).toBe('a####');
		expect(shown(`a${row}  b`)).toBe('a   b');
	});

	test('characters are not given twice while they are in use', () => {
		const images = new ImageRows();
		const kept = images.add(['keep'], 4);
		for (let count = 0; count < 7000; count++) {
			images.remove(images.add(['x'], 1));
		}

		expect(images.expandRun(images.expand(kept[0]!))).toBe('keep');
	});
});

describe('live rows', () => {
	test('change on the screen without a new frame, and only where they differ', async () => {
		const live = screen.images.reserve();
		screen.images.show(live, `${ESC}[36mstep 1${ESC}[0m`, 6);
		show([`a${live}     |`, 'other']);
		expect((await terminal.screen())[0]).toBe('astep 1|');
		expect((await terminal.cell(1, 0)).foreground).toBe(6);
		const before = terminal.bytes;
		screen.images.show(live, `${ESC}[36mstep 2${ESC}[0m`, 6);
		screen.flush();
		expect((await terminal.screen())[0]).toBe('astep 2|');
		expect(terminal.bytes - before).toBeLessThanOrEqual(40);
		screen.images.show(live, `${ESC}[36mstep 2${ESC}[0m`, 6);
		screen.flush();
		expect(terminal.writes.at(-1)).toContain('2');
		const writes = terminal.writes.length;
		screen.flush();
		expect(terminal.writes).toHaveLength(writes);
	});

	test('are blank behind their text, also when it becomes shorter', async () => {
		const live = screen.images.reserve();
		screen.images.show(live, 'long text', 9);
		show([`${live}           |`]);
		screen.images.show(live, 'x', 1);
		screen.flush();
		expect((await terminal.screen())[0]).toBe('x           |');
	});

	test('are drawn again by redraw', async () => {
		const live = screen.images.reserve();
		screen.images.show(live, 'live', 4);
		show([live]);
		screen.images.show(live, 'more', 4);
		terminal.write(`${ESC}[1;1Hgarbage`);
		screen.redraw();
		expect((await terminal.screen())[0]).toBe('more');
	});
});

describe('the terminal is put back', () => {
	test('by close', async () => {
		show(['hello']);
		screen.close();
		expect((await terminal.state()).alternate).toBe(false);
		expect(terminal.writes.at(-1)).toContain(`${ESC}[?25h`);
	});

	test('when the process exits without close', async () => {
		const before = process.listeners('exit');
		const other = new FakeTerminal(COLUMNS, ROWS);
		const open = new Screen(other);
		const ours = process.listeners('exit').find(listener => !before.includes(listener));
		ours?.(0);
		expect((await other.state()).alternate).toBe(false);
		open.close();
		expect(process.listeners('exit')).toEqual(before);
	});

	test('nothing is written afterwards', async () => {
		screen.close();
		show(['too late']);
		screen.redraw();
		expect(await terminal.screen()).toEqual(Array.from({length: ROWS}, () => ''));
	});
});
