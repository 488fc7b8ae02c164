import {Box, Text} from 'ink';
import {useState} from 'react';
import {KeyHints} from '../key-hints.tsx';
import {useKeys, type KeyBinding} from '../keys.ts';
import {listKeys, type ListContext} from '../list.tsx';
import {Menu, type MenuItem} from '../menu.tsx';
import {wrapText} from '../page.tsx';
import {useTheme} from '../theme.ts';
import type {Area} from './layout.ts';

interface ChoiceContext extends ListContext {
	readonly choose: (index: number) => void;
	readonly cancel: () => void;
}

const DIGITS = [1, 2, 3, 4, 5];

const choiceKeys: readonly KeyBinding<ChoiceContext>[] = [
	{keys: ['enter', 'space'], label: 'choose', help: 'Does what is under the cursor.', run: ({choose, cursor}) => choose(cursor)},
	...DIGITS.map((digit): KeyBinding<ChoiceContext> => ({
		keys: [String(digit)], label: '', help: 'Does it.', when: ({count}) => digit <= count, run: ({choose}) => choose(digit - 1),
	})),
	...listKeys,
	{keys: ['esc', 'n', 'q', 'ctrl+c', 'left'], label: 'back', help: 'Nothing is done.', run: ({cancel}) => cancel()},
];

/** A question with a few answers, on the whole area; its keys are in the last row. */
export function Choice<Key extends string>({question, items, area: {columns, rows}, onChoose, onCancel}: {
	question: string; items: readonly MenuItem<Key>[]; area: Area; onChoose: (key: Key) => void; onCancel: () => void;
}) {
	const theme = useTheme();
	const [cursor, setCursor] = useState(0);
	const at = Math.min(cursor, items.length - 1);
	const context: ChoiceContext = {count: items.length, cursor: at, page: items.length, moveTo: setCursor, cancel: onCancel, choose: index => onChoose(items[index]!.key)};
	useKeys(choiceKeys, context);
	return (
		<Box flexDirection="column" width={columns} height={rows}>
			<Box flexDirection="column" height={rows - 1} overflow="hidden">
				{wrapText(question, columns).map(line => <Text key={line} {...theme.strong}>{line}</Text>)}
				<Menu items={items} cursor={at} columns={columns}/>
			</Box>
			<KeyHints bindings={choiceKeys} context={context} width={columns}/>
		</Box>
	);
}
