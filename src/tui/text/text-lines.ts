import {reduceTextLine, textLine, type TextLine, type TextLineAction} from './text-line.ts';

/** Rows of text that are edited together; `row` is the one with the cursor. There is always one. */
export interface TextLines {
	readonly rows: readonly TextLine[];
	readonly row: number;
}

export type TextLinesAction =
	| {readonly type: 'line'; readonly action: TextLineAction}
	| {readonly type: 'row'; readonly by: 1 | -1}
	| {readonly type: 'new-row'; readonly text: string};

/** From texts with line breaks between them. */
export const textLines = (text: string): TextLines => ({rows: text.split('\n').map(textLine), row: 0});

export function reduceTextLines({rows, row}: TextLines, action: TextLinesAction): TextLines {
	switch (action.type) {
		case 'line': {
			return {rows: rows.map((line, at) => at === row ? reduceTextLine(line, action.action) : line), row};
		}

		case 'row': {
			const wanted = row + action.by;
			return wanted === rows.length && rows[row]?.text !== '' ? {rows: [...rows, textLine('')], row: wanted} : {rows, row: Math.max(0, Math.min(rows.length - 1, wanted))};
		}

		case 'new-row': {
			return {rows: [...rows.slice(0, row + 1), reduceTextLine(textLine(''), {type: 'insert', text: action.text}), ...rows.slice(row + 1)], row: row + 1};
		}
	}
}
