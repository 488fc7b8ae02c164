import {Box, Text} from 'ink';
import os from 'node:os';
import type {LogLine, RunView} from '../run/index.ts';
import {Row} from '../row.tsx';
import {useTheme, type Theme, type Look} from '../theme.ts';
import {fitPath, formatClock} from '../units.ts';
import type {MessageLine} from './messages.ts';

/** The newest lines of the log, the newest last. */
export function LogPane({view, columns, rows}: {view: RunView; columns: number; rows: number}) {
	const theme = useTheme();
	return (
		<Box flexDirection="column" width={columns} height={rows}>
			{rows > 0 && view.log.slice(-rows).map((line, index) => (
				<Row key={index} columns={columns}>
					<Text {...theme.dim}>{formatClock(line.timeMs)}</Text> <Text {...lineLook(line, theme)}>{line.kind === 'warning' ? 'warning: ' : line.kind === 'error' ? 'error: ' : ''}{line.text}</Text>
				</Row>
			))}
		</Box>
	);
}

function lineLook({kind}: LogLine, theme: Theme): Look {
	return {log: theme.dim, event: {}, warning: theme.warn, error: theme.bad}[kind];
}

/** Messages to the person, above the log. */
export function Messages({lines, columns, rows}: {lines: readonly MessageLine[]; columns: number; rows: number}) {
	const theme = useTheme();
	const looks: Readonly<Record<MessageLine['look'], Look>> = {ok: theme.ok, warn: theme.warn, bad: theme.bad, strong: theme.strong, plain: {}};
	return (
		<Box flexDirection="column" width={columns} height={rows}>
			{lines.slice(0, rows).map((line, index) => (
				<Row key={index} columns={columns} file={line.path && line.text}>
					<Text {...looks[line.look]}>{line.path ? fitPath(line.text, columns, {home: os.homedir(), ellipsis: theme.glyphs.ellipsis}) : line.text}</Text>
				</Row>
			))}
		</Box>
	);
}
