import {Text} from 'ink';
import {keyName} from './keys.ts';
import {WrappedRow} from './row.tsx';
import {textInput, textOfLine, useTextLine} from './text/index.ts';
import {useLatestInput} from './latest-input.ts';
import {useTheme} from './theme.ts';

/** A question that is answered by a line of text. */
export function TextPrompt({question, initial, columns, onDone, onCancel}: {question: string; initial: string; columns: number; onDone: (text: string) => void; onCancel: () => void}) {
	const theme = useTheme();
	const {line, apply} = useTextLine(initial);
	useLatestInput((input, key) => {
		switch (keyName(input, key)) {
			case 'enter': {
				onDone(line.text.trim());
				break;
			}

			case 'esc':
			case 'ctrl+c': {
				onCancel();
				break;
			}

			default: {
				const {action, enter} = textInput(input, key);
				const text = action ? apply(action).text : line.text;
				if (enter) {
					onDone(text.trim());
				}
			}
		}
	});
	return <WrappedRow columns={columns}><Text {...theme.strong}>{question} </Text>{textOfLine(line, theme)}</WrappedRow>;
}
