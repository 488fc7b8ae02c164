import {Text} from 'ink';
import {useTheme} from '../theme.ts';
import type {TextLine} from './text-line.ts';

/** The line with its cursor: inverse, and without colours a bar, which is a sign of its own. */
export function TextLineView({line: {text, cursor}, isActive = true}: {line: TextLine; isActive?: boolean}) {
	const theme = useTheme();
	const characters = [...text];
	if (!isActive) {
		return <Text>{text}</Text>;
	}

	const before = characters.slice(0, cursor).join('');
	const at = characters[cursor];
	const after = characters.slice(cursor + 1).join('');
	if (theme.terminal.colors === 0) {
		return <Text>{before}{theme.glyphs.vertical}{at}{after}</Text>;
	}

	return <Text>{before}<Text inverse>{at ?? ' '}</Text>{after}</Text>;
}
