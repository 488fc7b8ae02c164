import {Box, Text} from 'ink';
import {createContext, Fragment, isValidElement, useContext, useEffect, useLayoutEffect, useState, type ReactNode} from 'react';
import {hyperlink, type ImageRows} from './term/index.ts';
import {useTheme, type Look} from './theme.ts';

/** Text in one look. */
export interface Span extends Look {
	readonly text: string;
}

/** Where live rows are kept; set by `showOnScreen`. Without it rows are ordinary texts. */
export const RowsContext = createContext<ImageRows | undefined>(undefined);

/** What is surely one column wide, each character of it. */
const ONE_COLUMN = /^[\u0020-\u007E\u00A0-\u00AC\u00AE-\u02FF\u0370-\u03FF\u0400-\u0482\u048A-\u052F\u2010-\u2027\u2030-\u205E\u2190-\u2199\u2200-\u22FF\u2500-\u25FC\u2713-\u2718\u276E\u276F\u2800-\u28FF]*$/;

/**
 * A row of text that changes often, cut to `columns`: texts in `<Text>`, nested at will. It does not go through Ink's own text, which
 * takes every character apart at every frame and keeps every text for ever.
 * `file`: absolute; where the terminal can, the row opens it.
 */
export function Row({columns, file, children}: {columns: number; file?: string | undefined; children: ReactNode}) {
	const rows = useContext(RowsContext);
	const {glyphs: {ellipsis}, terminal: {links}} = useTheme();
	const spans = rows && spansOf(children);
	return spans?.every(isPlain)
		? <Rows rows={[cut(spans, columns, ellipsis)]} columns={columns} file={links ? file : undefined}/>
		: <Text wrap="truncate-end">{children}</Text>;
}

const isPlain = ({text}: Span): boolean => ONE_COLUMN.test(text);

/** A text that changes often, such as one that is typed: it goes on in further rows where it is longer than `columns`. */
export function WrappedRow({columns, children}: {columns: number; children: ReactNode}) {
	const rows = useContext(RowsContext);
	const spans = rows && spansOf(children);
	return spans?.every(isPlain) ? <Rows rows={brokenAt(spans, columns)} columns={columns}/> : <Text>{children}</Text>;
}

/** Rows of text that change often, none longer than `columns`, of characters that are one column wide. */
export function Rows({rows, columns, file}: {rows: readonly (readonly Span[])[]; columns: number; file?: string | undefined}) {
	const live = useContext(RowsContext);
	return live
		? <LiveRows key={rows.length} live={live} rows={rows} columns={columns} file={file}/>
		: <>{rows.map((spans, row) => <Text key={row}>{spans.map(({text, ...look}, index) => <Text key={index} {...look}>{text}</Text>)}</Text>)}</>;
}

function LiveRows({live, rows, columns, file}: {live: ImageRows; rows: readonly (readonly Span[])[]; columns: number; file: string | undefined}) {
	const [characters] = useState(() => rows.map(() => live.reserve()));
	useLayoutEffect(() => {
		for (const [row, spans] of rows.entries()) {
			const ansi = paint(spans);
			live.show(characters[row]!, file === undefined ? ansi : hyperlink(ansi, file), widthOf(spans));
		}
	});
	useEffect(() => () => characters.forEach(character => live.release(character)), [live, characters]);
	return <Box width={columns} height={rows.length} flexShrink={0}><Text>{characters.join('\n')}</Text></Box>;
}

/** The texts of a tree of `<Text>` elements, each in the look that it is nested in; undefined when there is anything else in it. */
export function spansOf(node: ReactNode, look: Look = {}): readonly Span[] | undefined {
	if (node === null || node === undefined || typeof node === 'boolean') {
		return [];
	}

	if (typeof node === 'string' || typeof node === 'number') {
		return [{text: String(node), ...look}];
	}

	if (Array.isArray(node)) {
		const spans = node.map(child => spansOf(child as ReactNode, look));
		return spans.includes(undefined) ? undefined : spans.flatMap(each => each ?? []);
	}

	if (isValidElement<Look & {children?: ReactNode}>(node) && (node.type === Text || node.type === Fragment)) {
		const {children, color, bold, dimColor, inverse} = node.props;
		return spansOf(children, {...look, ...(color !== undefined && {color}), ...(bold !== undefined && {bold}), ...(dimColor !== undefined && {dimColor}), ...(inverse !== undefined && {inverse})});
	}

	return undefined;
}

const widthOf = (spans: readonly Span[]): number => spans.reduce((sum, {text}) => sum + text.length, 0);

/** The first `columns` of a row, with an ellipsis at the end when something was cut off. */
function cut(spans: readonly Span[], columns: number, ellipsis: string): readonly Span[] {
	if (widthOf(spans) <= columns) {
		return spans;
	}

	const kept: Span[] = [];
	let room = columns - ellipsis.length;
	for (const span of spans) {
		const text = span.text.slice(0, room);
		room -= text.length;
		kept.push({...span, text});
	}

	return [...kept, {...kept.findLast(({text}) => text !== ''), text: ellipsis}];
}

/** The texts in rows of `columns`, the last of which may be shorter. There is always one. */
function brokenAt(spans: readonly Span[], columns: number): readonly (readonly Span[])[] {
	const rows: Span[][] = [[]];
	let room = columns;
	for (const span of spans) {
		for (let rest = span.text; rest !== '';) {
			if (room === 0) {
				rows.push([]);
				room = columns;
			}

			const text = rest.slice(0, room);
			rows.at(-1)!.push({...span, text});
			room -= text.length;
			rest = rest.slice(text.length);
		}
	}

	return rows;
}

const COLORS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

function paint(spans: readonly Span[]): string {
	return spans.filter(({text}) => text !== '').map(({text, color, bold, dimColor, inverse}) => {
		const codes = [...(bold ? [1] : []), ...(dimColor ? [2] : []), ...(inverse ? [7] : []), ...(color === undefined ? [] : [30 + COLORS.indexOf(color)])];
		return codes.length === 0 ? text : `\u001B[${codes.join(';')}m${text}\u001B[0m`;
	}).join('');
}
