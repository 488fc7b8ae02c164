import {Text} from 'ink';
import os from 'node:os';
import {useContext} from 'react';
import {formatValue, type SettingValue} from '../../presets/index.ts';
import {useTheme} from '../theme.ts';
import {fitPath} from '../units.ts';
import {ChoiceField} from './choice-field.tsx';
import type {FieldType, SettingField, SettingFieldManager, SettingFieldProps} from './field.ts';
import {FormContext} from './form-context.ts';
import {PathField} from './path-field.tsx';
import {TextField} from './text-field.tsx';
import {TextsField} from './texts-field.tsx';

/** How each type of setting is edited. A new type is a new line. */
export const editors: Readonly<Record<FieldType, React.FC<SettingFieldProps>>> = {
	text: TextField,
	int: TextField,
	real: TextField,
	choice: ChoiceField,
	toggle: ChoiceField,
	path: PathField,
	texts: TextsField,
};

/** Of ink-form's closed field: margins, border, padding, `: `, and its hint with a blank. */
const AROUND_COLUMNS = 10 + 'Press enter to edit'.length;

/** The closed field; ink-form puts it inside a `<Text>`, and would break a long one and its label. */
function FieldValue({value, field: {setting}}: {value?: SettingValue; field: SettingField}) {
	const {columns} = useContext(FormContext);
	const {ellipsis} = useTheme().glyphs;
	const room = Math.max(8, columns - AROUND_COLUMNS - setting.label.length);
	const unit = (setting.type === 'int' || setting.type === 'real') && setting.unit ? ` ${setting.unit}` : '';
	const text = typeof value === 'boolean' ? (value ? 'yes' : 'no') : `${formatValue(value)}${unit}`;
	return <Text>{setting.type === 'path' ? fitPath(text, room, {home: os.homedir(), ellipsis}) : text.length <= room ? text : text.slice(0, room - ellipsis.length) + ellipsis}</Text>;
}

/** For `customManagers` of ink-form's `<Form>`. */
export const fieldManagers: SettingFieldManager[] = Object.entries(editors).map(([type, renderField]) => ({type: type as FieldType, renderField, renderValue: FieldValue}));
