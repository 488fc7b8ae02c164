import {Text} from 'ink';
import {formatValue, type SettingValue} from '../../presets/index.ts';
import {ChoiceField} from './choice-field.tsx';
import type {FieldType, SettingField, SettingFieldManager, SettingFieldProps} from './field.ts';
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

/** The closed field; ink-form puts it inside a `<Text>`. */
function FieldValue({value, field: {setting}}: {value?: SettingValue; field: SettingField}) {
	const unit = (setting.type === 'int' || setting.type === 'real') && setting.unit ? ` ${setting.unit}` : '';
	return <Text>{typeof value === 'boolean' ? (value ? 'yes' : 'no') : formatValue(value)}{unit}</Text>;
}

/** For `customManagers` of ink-form's `<Form>`. */
export const fieldManagers: SettingFieldManager[] = Object.entries(editors).map(([type, renderField]) => ({type: type as FieldType, renderField, renderValue: FieldValue}));
