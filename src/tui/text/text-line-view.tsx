import {Text} from 'ink';
import type {ReactNode} from 'react';
import {WrappedRow} from '../row.tsx';
import {useTheme, type Theme} from '../theme.ts';
import type {TextLine} from './text-line.ts';

/** The line in as many rows of `columns` as it needs. */
export function TextLineView({line, columns}: {line: TextLine; columns: number}) {
	return <WrappedRow columns={columns}>{textOfLine(line, useTheme())}</WrappedRow>;
}

/** The line with its cursor: inverse, and without colours a bar, which is a sign of its own. To be put among other texts. */
export function textOfLine({text, cursor}: TextLine, {terminal, glyphs}: Theme, {isActive = true}: {isActive?: boolean} = {}): ReactNode {
	const characters = [...text];
	if (!isActive) {
		return <Text>{text}</Text>;
	}

	const before = characters.slice(0, cursor).join('');
	const at = characters[cursor];
	const after = characters.slice(cursor + 1).join('');
	if (terminal.colors === 0) {
		return <Text>{before}{glyphs.vertical}{at}{after}</Text>;
	}

	return <Text>{before}<Text inverse>{at ?? ' '}</Text>{after}</Text>;
}
