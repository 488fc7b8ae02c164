import {Box, Text} from 'ink';
import type {ReactNode} from 'react';
import {KeyHints} from './key-hints.tsx';
import type {KeyBinding} from './keys.ts';
import {useTheme, type Look, type Theme} from './theme.ts';

/** Something the person should know, on the one place that a page has for it. */
export interface Notice {
	readonly text: string;
	readonly look: 'ok' | 'warn' | 'bad' | 'dim';
}

export interface Area {
	readonly columns: number;
	readonly rows: number;
}

/** Below this the pages do not fit. */
export const SMALLEST_PAGE = {columns: 60, rows: 16} as const;

const sign = ({glyphs: {check, cross}}: Theme, look: Notice['look']): string => ({ok: `${check} `, warn: '! ', bad: `${cross} `, dim: ''})[look];

/**
 * A room of the app: its title, what is in it, its notices, and the keys that act now. Without `title` the content has the rows of the
 * title as well. `children` get the area that is left for them.
 */
export function Page<Context>({title, place, area: {columns, rows}, notices, bindings, context, children}: {
	title?: string;
	place?: string;
	area: Area;
	notices: readonly Notice[];
	bindings: readonly KeyBinding<Context>[];
	context: Context;
	children: (area: Area) => ReactNode;
}) {
	const theme = useTheme();
	if (columns < SMALLEST_PAGE.columns || rows < SMALLEST_PAGE.rows) {
		return <Text>This terminal is {columns}x{rows}; {SMALLEST_PAGE.columns}x{SMALLEST_PAGE.rows} are needed. Make it larger; nothing is lost.</Text>;
	}

	const titleRows = title === undefined ? 0 : 2;
	const lines = notices.flatMap(notice => noticeRows(notice, theme, columns)).slice(0, Math.floor(rows / 3));
	const inside = {columns, rows: rows - titleRows - lines.length - 1};
	return (
		<Box flexDirection="column" width={columns} height={rows}>
			{title !== undefined && (
				<Box justifyContent="space-between" height={2} width={columns}>
					<Text wrap="truncate-end" {...theme.strong}>{title}</Text>
					<Box flexShrink={0}><Text {...theme.dim}>{place}</Text></Box>
				</Box>
			)}
			<Box flexDirection="column" height={inside.rows} width={columns} overflow="hidden">{children(inside)}</Box>
			{lines.map(({text, look}, index) => <Text key={index} {...look} wrap="truncate-end">{text}</Text>)}
			<KeyHints bindings={bindings} context={context} width={columns}/>
		</Box>
	);
}

/** A notice as rows of at most `columns`, the rows after the first set in. */
function noticeRows(notice: Notice, theme: Theme, columns: number): readonly {readonly text: string; readonly look: Look}[] {
	const head = sign(theme, notice.look);
	const look = theme[notice.look];
	return notice.text.split('\n').flatMap(line => wrapText(line, columns - head.length)).map((text, index) => ({text: (index === 0 ? head : ' '.repeat(head.length)) + text, look}));
}

/** A text in lines of at most `columns`, broken at blanks where there are any. */
export function wrapText(text: string, columns: number): readonly string[] {
	const lines: string[] = [];
	let rest = text;
	for (let fits = fitting(rest, columns); fits < rest.length; fits = fitting(rest, columns)) {
		const blank = rest.lastIndexOf(' ', fits);
		const end = blank > 0 ? blank : fits;
		lines.push(rest.slice(0, end));
		rest = rest.slice(end).trimStart();
	}

	return [...lines, rest];
}

/** How much of a text fits, at least one character; Chinese characters take two columns. */
function fitting(text: string, columns: number): number {
	let used = 0;
	let length = 0;
	for (const character of text) {
		used += /[\p{Script=Han}\u3000-\u30FF\uFF01-\uFF60]/u.test(character) ? 2 : 1;
		if (used > columns && length > 0) {
			return length;
		}

		length += character.length;
	}

	return length;
}
