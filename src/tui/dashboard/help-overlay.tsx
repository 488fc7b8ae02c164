import {Box, Text} from 'ink';
import {keySign, visibleBindings, type KeyBinding} from '../keys.ts';
import {useTheme} from '../theme.ts';

/** What the signs of the chart mean, and every key that means something now, from the table that also dispatches them; why one cannot act stands in place of what it does. */
export function HelpOverlay<Context>({bindings, context, columns, rows}: {bindings: readonly KeyBinding<Context>[]; context: Context; columns: number; rows: number}) {
	const theme = useTheme();
	const {unicode} = theme.terminal;
	const lines = visibleBindings(bindings, context).slice(0, rows - 1).map(binding => ({
		signs: binding.keys.map(key => keySign(key, {unicode})).join(' '), help: binding.help, why: binding.why?.(context),
	}));
	const signColumns = Math.max(...lines.map(({signs}) => signs.length)) + 2;
	return (
		<Box flexDirection="column" width={columns} height={rows}>
			<Text {...theme.dim} wrap="truncate-end">curve: dim all, bright smoothed; s sample, c checkpoint, * both, {unicode ? '×' : 'X'} not a number</Text>
			{lines.map(({signs, help, why}) => (
				<Text key={signs} wrap="truncate-end">
					<Text {...theme.accent} bold>{signs.padEnd(signColumns)}</Text>
					{why === undefined ? help : <Text {...theme.dim}>not now: {why}</Text>}
				</Text>
			))}
		</Box>
	);
}
