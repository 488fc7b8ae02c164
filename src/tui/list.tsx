import {Box, Text} from 'ink';
import type {ReactNode} from 'react';
import type {KeyBinding} from './keys.ts';
import {Row} from './row.tsx';
import {useTheme} from './theme.ts';

/** The rows of a list to show so that the cursor is among them: [first, end). Some rows around the cursor stay in sight. */
export function visibleRows({count, cursor, rows}: {count: number; cursor: number; rows: number}): {readonly first: number; readonly end: number} {
	const first = Math.max(0, Math.min(count - rows, cursor - Math.floor(rows / 2)));
	return {first, end: Math.min(count, first + rows)};
}

/** Rows with a cursor; `rows` of them at most. One row of the screen each, of nothing but texts. */
export function List<Item>({items, cursor, columns, rows, keyOf, children}: {
	items: readonly Item[];
	cursor: number;
	columns: number;
	rows: number;
	keyOf: (item: Item) => string;
	children: (item: Item, isAtCursor: boolean) => ReactNode;
}) {
	const theme = useTheme();
	const {first, end} = visibleRows({count: items.length, cursor, rows});
	return (
		<Box flexDirection="column">
			{items.slice(first, end).map((item, index) => {
				const isAtCursor = first + index === cursor;
				return (
					<Row key={keyOf(item)} columns={columns}>
						<Text {...theme.accent}>{isAtCursor ? theme.glyphs.pointer : ' '} </Text>
						{children(item, isAtCursor)}
					</Row>
				);
			})}
		</Box>
	);
}

/** What the keys of every list act on. */
export interface ListContext {
	readonly count: number;
	readonly cursor: number;
	readonly moveTo: (cursor: number) => void;
	/** Rows of a page. */
	readonly page: number;
}

const clamp = ({count, moveTo}: ListContext, cursor: number): void => moveTo(Math.max(0, Math.min(count - 1, cursor)));
const isLong = ({count}: ListContext): boolean => count > 1;

/** Arrows go round, pages and ends do not. */
export const listKeys: readonly KeyBinding<ListContext>[] = [
	{keys: ['up', 'k'], label: '', help: 'The row above.', when: isLong, run: ({count, cursor, moveTo}) => moveTo((cursor - 1 + count) % count)},
	{keys: ['down', 'j'], label: '', help: 'The row below.', when: isLong, run: ({count, cursor, moveTo}) => moveTo((cursor + 1) % count)},
	{keys: ['pageup'], label: '', help: 'A page up.', when: isLong, run: context => clamp(context, context.cursor - context.page)},
	{keys: ['pagedown'], label: '', help: 'A page down.', when: isLong, run: context => clamp(context, context.cursor + context.page)},
	{keys: ['home'], label: '', help: 'The first row.', when: isLong, run: context => clamp(context, 0)},
	{keys: ['end'], label: '', help: 'The last row.', when: isLong, run: context => clamp(context, context.count - 1)},
];
