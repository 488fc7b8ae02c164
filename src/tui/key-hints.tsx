import {Text} from 'ink';
import {keyHints, type KeyBinding} from './keys.ts';
import {Row} from './row.tsx';
import {useTheme} from './theme.ts';

/** The footer: the keys of the table that act now, as many as fit in one row of `width` columns. */
export function KeyHints<Context>({bindings, context, width}: {bindings: readonly KeyBinding<Context>[]; context: Context; width: number}) {
	const theme = useTheme();
	const {unicode} = theme.terminal;
	return (
		<Row columns={width}>
			{keyHints(bindings, context, {width, unicode}).map(({sign, label}, index) => (
				<Text key={sign}>
					{index > 0 && <Text {...theme.dim}>{unicode ? ' · ' : ' | '}</Text>}
					<Text {...theme.accent} bold>{sign}</Text>
					<Text> {label}</Text>
				</Text>
			))}
		</Row>
	);
}
