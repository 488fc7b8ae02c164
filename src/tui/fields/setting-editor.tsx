import {Box, Text} from 'ink';
import type {FormFieldRendererProps} from 'ink-form';
import {useCallback, useMemo, useRef, useState} from 'react';
import type {Setting, SettingValue, TextValue} from '../../presets/index.ts';
import {useLatest, useLatestInput} from '../latest-input.ts';
import {useTheme} from '../theme.ts';
import {fieldOf, type SettingField} from './field.ts';
import {FormContext, type FormContextValue, type PathCheck} from './form-context.ts';
import {editors} from './managers.tsx';

/** The editor of one setting by itself, for lists: the same that the forms open. */
export function SettingEditor({setting, label = setting.label, value, columns, checks = {}, recent = () => [], onSave, onCancel, onEditing}: {
	setting: Setting;
	label?: string;
	value: SettingValue;
	columns: number;
	checks?: Readonly<Record<string, PathCheck>>;
	recent?: (key: string) => readonly string[];
	/** With the value as it was when nothing was typed. */
	onSave: (value: SettingValue) => void;
	onCancel: () => void;
	onEditing?: (isEditing: boolean) => void;
}) {
	const theme = useTheme();
	const [error, setError] = useState<string>();
	const typed = useRef<TextValue>({value});
	const latestOnEditing = useLatest(onEditing);
	const reported = useCallback((_: string, now: TextValue) => {
		typed.current = now;
	}, []);
	const opened = useCallback(() => latestOnEditing.current?.(true), [latestOnEditing]);
	const closed = useCallback(() => latestOnEditing.current?.(false), [latestOnEditing]);
	const context = useMemo<FormContextValue>(
		() => ({columns, values: {[setting.key]: value}, checks, recent, reported, opened, closed, focusAfter() {}}),
		[columns, setting.key, value, checks, recent, reported, opened, closed],
	);
	const save = (): void => {
		if ('value' in typed.current) {
			onSave(typed.current.value);
		} else {
			setError(typed.current.problem);
		}
	};

	useLatestInput((_, key) => {
		if (key.return) {
			save();
		}
	});
	const Editor = editors[setting.type];
	const field: FormFieldRendererProps<SettingField> = {field: fieldOf(setting), form: {sections: []}, value, onChange() {}, onSetEditingField() {}};
	return (
		<FormContext value={context}>
			<Box flexDirection="column">
				<Text {...theme.strong}>{label}</Text>
				<Editor {...field} onError={setError} onClearError={() => setError(undefined)} onSave={save} onCancel={onCancel} {...(error !== undefined && {error})}/>
				<Text {...theme.dim}>{setting.help}</Text>
				{error !== undefined && <Text {...theme.bad}>{error}</Text>}
			</Box>
		</FormContext>
	);
}
