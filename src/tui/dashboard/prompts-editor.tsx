import {Box, Text} from 'ink';
import {useReducer} from 'react';
import {reduceTextLines, textInput, textLines, textOfLine} from '../text/index.ts';
import {KeyHints} from '../key-hints.tsx';
import {keyName, type KeyBinding} from '../keys.ts';
import {useLatestInput} from '../latest-input.ts';
import {visibleRows} from '../list.tsx';
import {Row, WrappedRow} from '../row.tsx';
import {useTheme} from '../theme.ts';
import type {Area} from './layout.ts';

/** For the last row; the editor reads its keys itself, because most of them are text. */
const editorKeys: readonly KeyBinding<undefined>[] = [
	{keys: ['enter'], label: 'use them', help: 'The next samples show these prompts.', run() {}},
	{keys: ['down'], label: 'next or new prompt', help: 'The prompt below; below the last one a new one begins.', run() {}},
	{keys: ['esc'], label: 'leave as they were', help: 'Nothing is changed.', run() {}},
];

/** The prompts of the samples, a row each, to be changed; empty rows do not count. */
export function PromptsEditor({prompts, area: {columns, rows}, onDone, onCancel}: {
	prompts: readonly string[]; area: Area; onDone: (prompts: readonly string[]) => void; onCancel: () => void;
}) {
	const theme = useTheme();
	const [lines, edit] = useReducer(reduceTextLines, prompts.join('\n'), textLines);
	useLatestInput((input, key) => {
		switch (keyName(input, key)) {
			case 'enter': {
				const wanted = lines.rows.map(({text}) => text.trim()).filter(text => text !== '');
				if (wanted.length > 0) {
					onDone(wanted);
				}

				break;
			}

			case 'esc':
			case 'ctrl+c': {
				onCancel();
				break;
			}

			case 'up':
			case 'down': {
				edit({type: 'row', by: key.upArrow ? -1 : 1});
				break;
			}

			default: {
				const {action, moreLines = []} = textInput(input, key);
				if (action) {
					edit({type: 'line', action});
				}

				for (const text of moreLines) {
					edit({type: 'new-row', text});
				}
			}
		}
	});
	const {first, end} = visibleRows({count: lines.rows.length, cursor: lines.row, rows: rows - 3});
	return (
		<Box flexDirection="column" width={columns} height={rows}>
			<Text {...theme.strong}>What the samples show from now on, a prompt a row:</Text>
			<Box flexDirection="column" height={rows - 2} overflow="hidden">
				{lines.rows.slice(first, end).map((line, index) => {
					const isActive = first + index === lines.row;
					const Shown = isActive ? WrappedRow : Row;
					return <Shown key={first + index} columns={columns}><Text {...theme.accent}>{isActive ? theme.glyphs.pointer : ' '} </Text>{textOfLine(line, theme, {isActive})}</Shown>;
				})}
			</Box>
			<KeyHints bindings={editorKeys} context={undefined} width={columns}/>
		</Box>
	);
}
