import type {Key} from 'ink';
import {useContext, useLayoutEffect, useState} from 'react';
import type {SettingValue, TextValue} from '../../presets/index.ts';
import {useLatestInput} from '../latest-input.ts';
import type {SettingFieldProps} from './field.ts';
import {FormContext, useEditing} from './form-context.ts';

export interface FieldEditor {
	/** Tells ink-form the value of what is typed so far, or what is wrong with it. */
	readonly report: (typed: TextValue) => void;
	/** Closes the field with the reported value; does nothing while the value is wrong. */
	readonly save: (how?: 'saved' | 'saved-by-tab') => void;
}

/** The value to begin with: the form's, not the copy that ink-form made when the field appeared. */
export function useFieldValue({field: {name, setting}}: SettingFieldProps): SettingValue {
	return useContext(FormContext).values[name] ?? setting.default;
}

/**
 * The keys that are the same in every open field: Esc and Ctrl-C give up, Tab saves and goes on. Enter alone is ink-form's own, which saves what
 * was reported last.
 */
export function useField({field, onChange, onError, onClearError, onSave, onCancel, error}: SettingFieldProps, keys: (input: string, key: Key, editor: FieldEditor) => void): void {
	useEditing(field.name);
	const {focusAfter, reported} = useContext(FormContext);
	// ink-form's onSave ignores false, 0 and '' and otherwise saves what it knew at its last rendering: it is called in the next one.
	const [saving, setSaving] = useState<'saved' | 'saved-by-tab'>();
	useLayoutEffect(() => {
		if (saving && error === undefined) {
			onSave();
			focusAfter(saving);
		}

		setSaving(undefined);
		// oxlint-disable-next-line react/exhaustive-deps -- once for each wish to save, with the callbacks of that rendering
	}, [saving]);
	const editor: FieldEditor = {
		report(typed) {
			reported(field.name, typed);
			if ('problem' in typed) {
				onError(typed.problem);
			} else {
				onClearError();
				onChange(typed.value);
			}
		},
		save: (how = 'saved') => setSaving(how),
	};
	useLatestInput((input, key) => {
		if (key.escape) {
			onCancel();
			focusAfter('cancelled');
		} else if (key.ctrl && input === 'c') {
			// Esc takes the cursor of ink away, Ctrl-C does not.
			onCancel();
		} else {
			keys(input, key, editor);
		}
	});
}
