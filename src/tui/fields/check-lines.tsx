import {Box, Text} from 'ink';
import {Row} from '../row.tsx';
import {useTheme} from '../theme.ts';
import type {CheckLine} from './form-context.ts';

/** What a check found, one row a line, at most `rows` of them. */
export function CheckLines({lines, rows, columns}: {lines: readonly CheckLine[]; rows: number; columns: number}) {
	const theme = useTheme();
	const {check, cross} = theme.glyphs;
	const signs = {ok: `${check} `, warn: '! ', bad: `${cross} `, dim: '  '} as const;
	const shown = lines.length > rows ? lines.slice(0, Math.max(0, rows - 1)) : lines;
	return (
		<Box flexDirection="column">
			{shown.map(({text, look}) => <Row key={text} columns={columns}><Text {...theme[look]}>{signs[look]}{text}</Text></Row>)}
			{shown.length < lines.length && <Text {...theme.dim}>  and {lines.length - shown.length} more</Text>}
		</Box>
	);
}
