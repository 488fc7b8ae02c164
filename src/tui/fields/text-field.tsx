import {useContext} from 'react';
import {textFromValue, valueFromText, type Setting} from '../../presets/index.ts';
import type {SettingFieldProps} from './field.ts';
import {FormContext, insideField} from './form-context.ts';
import {textInput, TextLineView, useTextLine} from '../text/index.ts';
import {useField, useFieldValue} from './use-field.ts';

/** Texts and numbers. The typed text is kept as it is until it is saved: `5e-6` is 5e-6, whoever types or pastes it. In numbers Up and Down add a step. */
export function TextField(props: SettingFieldProps) {
	const {setting} = props.field;
	const {columns} = useContext(FormContext);
	const {line, apply} = useTextLine(textFromValue(useFieldValue(props)));
	useField(props, (input, key, {report, save}) => {
		if (key.tab) {
			save('saved-by-tab');
			return;
		}

		const stepped = key.upArrow || key.downArrow ? step(setting, line.text, key.upArrow ? 1 : -1) : undefined;
		const {action, enter} = stepped === undefined ? textInput(input, key) : {action: {type: 'replace', text: stepped} as const};
		if (action) {
			report(valueFromText(setting, apply(action).text));
		}

		if (enter) {
			save();
		}
	});
	return <TextLineView line={line} columns={insideField(columns)}/>;
}

/** The text of the number one step away, kept in its range; undefined for what is no number. */
function step(setting: Setting, text: string, by: 1 | -1): string | undefined {
	if (setting.type !== 'int' && setting.type !== 'real') {
		return undefined;
	}

	const number = Number(text);
	if (text.trim() === '' || !Number.isFinite(number)) {
		return undefined;
	}

	// 12 digits hide what binary fractions add: 2e-6 + 1e-6 is not quite 3e-6.
	const moved = Number((number + by * setting.step).toPrecision(12));
	return textFromValue(Math.min(setting.max, Math.max(setting.min, moved)));
}
