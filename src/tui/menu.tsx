import {Box, Text} from 'ink';
import {wrapText} from './page.tsx';
import {useTheme} from './theme.ts';

export interface MenuItem<Key extends string> {
	readonly key: Key;
	readonly label: string;
	/** A sentence or two. */
	readonly help: string;
}

/** A few things to choose from, each with its digit; what the one under the cursor means stands below. */
export function Menu<Key extends string>({items, cursor, columns}: {items: readonly MenuItem<Key>[]; cursor: number; columns: number}) {
	const theme = useTheme();
	return (
		<Box flexDirection="column">
			{items.map(({key, label}, index) => (
				<Text key={key} wrap="truncate-end" {...(index === cursor ? theme.accent : {})}>
					{index === cursor ? theme.glyphs.pointer : ' '} {index + 1} {label}
				</Text>
			))}
			<Box marginTop={1} flexDirection="column">
				{wrapText(items[cursor]?.help ?? '', columns - 4).map(line => <Text key={line} {...theme.dim}>{'    '}{line}</Text>)}
			</Box>
		</Box>
	);
}
