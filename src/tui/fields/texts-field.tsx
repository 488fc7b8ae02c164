import {Box, Text} from 'ink';
import {useContext, useRef, useState} from 'react';
import {textFromValue, valueFromText} from '../../presets/index.ts';
import {WrappedRow} from '../row.tsx';
import {useTheme} from '../theme.ts';
import type {SettingFieldProps} from './field.ts';
import {FormContext, insideField} from './form-context.ts';
import {reduceTextLines, textInput, textLines, textOfLine, type TextLines, type TextLinesAction} from '../text/index.ts';
import {useField, useFieldValue} from './use-field.ts';

/** A list of texts, a row each; empty rows do not count. Down in the last row begins a new one, a paste of several lines fills several. */
export function TextsField(props: SettingFieldProps) {
	const theme = useTheme();
	const {setting} = props.field;
	const {columns} = useContext(FormContext);
	const value = useFieldValue(props);
	const [lines, setLines] = useState(() => textLines(textFromValue(value)));
	const latest = useRef(lines);
	const apply = (action: TextLinesAction): TextLines => {
		latest.current = reduceTextLines(latest.current, action);
		setLines(latest.current);
		return latest.current;
	};

	useField(props, (input, key, {report, save}) => {
		if (key.tab) {
			save('saved-by-tab');
			return;
		}

		if (key.upArrow || key.downArrow) {
			apply({type: 'row', by: key.upArrow ? -1 : 1});
			return;
		}

		const {action, enter, moreLines = []} = textInput(input, key);
		if (action) {
			apply({type: 'line', action});
			for (const text of moreLines) {
				apply({type: 'new-row', text});
			}

			report(valueFromText(setting, latest.current.rows.map(({text}) => text).join('\n')));
		}

		// A paste of one line with its end is complete; of several, one may want to see them first.
		if (enter && moreLines.length === 0) {
			save();
		}
	});
	return (
		<Box flexDirection="column">
			{lines.rows.map((line, row) => (
				<WrappedRow key={row} columns={insideField(columns)}><Text {...theme.accent}>{row === lines.row ? theme.glyphs.pointer : ' '} </Text>{textOfLine(line, theme, {isActive: row === lines.row})}</WrappedRow>
			))}
		</Box>
	);
}
