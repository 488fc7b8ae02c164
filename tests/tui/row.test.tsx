import {Text} from 'ink';
import {render} from 'ink-testing-library';
import type {ReactElement, ReactNode} from 'react';
import {describe, expect, test, vi} from 'vitest';
import {Row, RowsContext, spansOf, WrappedRow} from '../../src/tui/row.tsx';
import {showOnScreen} from '../../src/tui/show-on-screen.tsx';
import {capabilities, ImageRows} from '../../src/tui/term/index.ts';
import {FakeKeyboard} from './fake-keyboard.ts';
import {FakeTerminal} from './term/fake-terminal.ts';

describe('the texts of a row', () => {
	test('have the look that they are nested in', () => {
		expect(spansOf(<>a <Text color="cyan">b<Text bold>{1}</Text></Text>{false}{[<Text key="c" dimColor>c</Text>]}</>)).toEqual([
			{text: 'a '}, {text: 'b', color: 'cyan'}, {text: '1', color: 'cyan', bold: true}, {text: 'c', dimColor: true},
		]);
	});

	test('are unknown when there is anything else among them', () => {
		const Other = (): ReactNode => 'x';
		expect(spansOf(<>a<Other/></>)).toBeUndefined();
	});
});

async function seen(content: ReactNode): Promise<{terminal: FakeTerminal; done: () => Promise<void>}> {
	const terminal = new FakeTerminal(30, 4);
	const keyboard = new FakeKeyboard();
	const shown = showOnScreen(() => content, {
		stdin: keyboard as unknown as NodeJS.ReadStream, stdout: terminal as unknown as NodeJS.WriteStream, capabilities: capabilities({TERM: 'xterm-256color', LANG: 'C.UTF-8'}, {terminal: true}),
	});
	await vi.waitFor(async () => expect((await terminal.screen()).join('')).not.toBe(''));
	return {terminal, async done() {
		keyboard.emit('end');
		await shown;
	}};
}

describe('a row on the screen', () => {
	test('has the looks of its texts', async () => {
		const {terminal, done} = await seen(<Row columns={20}>plain <Text color="red" bold>bad</Text></Row>);
		expect((await terminal.screen())[0]).toBe('plain bad');
		expect(await terminal.cell(6, 0)).toMatchObject({text: 'b', foreground: 1, bold: true});
		expect(await terminal.cell(0, 0)).toMatchObject({foreground: -1, bold: false});
		await done();
	});

	test('ends with an ellipsis where it is cut', async () => {
		const {terminal, done} = await seen(<Row columns={8}>abc<Text color="cyan">defghij</Text></Row>);
		expect((await terminal.screen())[0]).toBe('abcdefg…');
		expect(await terminal.cell(7, 0)).toMatchObject({text: '…', foreground: 6});
		await done();
	});

	test('opens a file where the terminal can, and is drawn as the same text', async () => {
		const {terminal, done} = await seen(<Row columns={20} file="/runs/a b.png">sample a b.png</Row>);
		expect((await terminal.screen())[0]).toBe('sample a b.png');
		expect(terminal.writes.join('')).toMatch(/\]8;;file:\/\/[^/]+\/runs\/a%20b\.png/);
		await done();
	});

	test('of characters whose width is not certain is an ordinary text', async () => {
		const {terminal, done} = await seen(<Row columns={8}>犬の写真です</Row>);
		expect((await terminal.screen())[0]).toMatch(/^犬の写/);
		await done();
	});
});

test('what a row shows is not kept, however often it changes', () => {
	const rows = new ImageRows();
	const show = vi.spyOn(rows, 'show');
	const content = (step: number): ReactElement => <RowsContext value={rows}><Row columns={20}>step {step}</Row></RowsContext>;
	const {rerender, lastFrame, unmount} = render(content(0));
	const frame = lastFrame();
	for (let step = 1; step < 50; step++) {
		rerender(content(step));
	}

	// Ink has seen one and the same text all the time: it measures and keeps nothing new.
	expect(lastFrame()).toBe(frame);
	expect(show.mock.calls.at(-1)?.[1]).toBe('step 49');
	unmount();
});

describe('a text that goes on in further rows', () => {
	test('is broken where the row is full, each part in its look, and grows and shrinks', async () => {
		const {terminal, done} = await seen(<WrappedRow columns={5}>abc<Text color="red">defghi</Text>j</WrappedRow>);
		expect((await terminal.screen()).slice(0, 3)).toEqual(['abcde', 'fghij', '']);
		expect(await terminal.cell(3, 0)).toMatchObject({text: 'd', foreground: 1});
		expect(await terminal.cell(3, 1)).toMatchObject({text: 'i', foreground: 1});
		expect(await terminal.cell(4, 1)).toMatchObject({text: 'j', foreground: -1});
		await done();
	});

	test('is not kept however often it changes', () => {
		const rows = new ImageRows();
		const show = vi.spyOn(rows, 'show');
		const content = (text: string): ReactElement => <RowsContext value={rows}><WrappedRow columns={10}>{text}</WrappedRow></RowsContext>;
		const {rerender, lastFrame, unmount} = render(content('one'));
		const frame = lastFrame();
		rerender(content('one and '));
		rerender(content('two and'));
		expect(lastFrame()).toBe(frame);
		expect(show.mock.calls.at(-1)?.[1]).toBe('two and');
		rerender(content('two and three'));
		expect(show.mock.calls.slice(-2).map(([, text]) => text)).toEqual(['two and th', 'ree']);
		unmount();
	});
});

test('without a screen a row is an ordinary text', () => {
	expect(render(<Row columns={8}>a <Text bold>b</Text></Row>).lastFrame()).toBe('a b');
});
