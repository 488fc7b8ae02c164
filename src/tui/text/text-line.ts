/** A line of text that is being edited. `cursor` counts characters (code points) from the beginning. */
export interface TextLine {
	readonly text: string;
	readonly cursor: number;
}

export type TextLineAction =
	| {readonly type: 'insert'; readonly text: string}
	| {readonly type: 'replace'; readonly text: string}
	| {readonly type: 'backspace' | 'left' | 'right' | 'start' | 'end' | 'delete-word' | 'delete-before' | 'delete-after'};

/** The cursor behind the last character, where a person goes on typing. */
export const textLine = (text: string): TextLine => ({text, cursor: [...text].length});

export function reduceTextLine({text, cursor}: TextLine, action: TextLineAction): TextLine {
	const before = [...text].slice(0, cursor);
	const after = [...text].slice(cursor);
	const line = (head: readonly string[], tail: readonly string[]): TextLine => ({text: [...head, ...tail].join(''), cursor: head.length});
	switch (action.type) {
		case 'insert': {
			return line([...before, ...printable(action.text)], after);
		}

		case 'replace': {
			return textLine(action.text);
		}

		case 'backspace': {
			return line(before.slice(0, -1), after);
		}

		case 'left': {
			return {text, cursor: Math.max(0, cursor - 1)};
		}

		case 'right': {
			return {text, cursor: Math.min(before.length + after.length, cursor + 1)};
		}

		case 'start': {
			return {text, cursor: 0};
		}

		case 'end': {
			return textLine(text);
		}

		case 'delete-word': {
			return line([...before.join('').replace(/[^\s/]*[\s/]*$/, '')], after);
		}

		case 'delete-before': {
			return line([], after);
		}

		case 'delete-after': {
			return line(before, []);
		}
	}
}

/** Pasted text without what cannot stand in a line: control characters go, a tab becomes a blank. */
const printable = (text: string): readonly string[] => [...text.replaceAll('\t', ' ').replaceAll(/\p{Cc}/gu, '')];
