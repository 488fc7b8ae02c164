import {Box} from 'ink';
import {Form, type FormField, type FormFieldManager, type FormStructure} from 'ink-form';
import {useCallback, useMemo, useReducer, useRef} from 'react';
import type {Setting, SettingValue, TextValue} from '../../presets/index.ts';
import {useLatest} from '../latest-input.ts';
import {fieldOf} from './field.ts';
import {FormContext, type FieldValues, type FormContextValue, type PathCheck} from './form-context.ts';
import {fieldManagers} from './managers.tsx';
import {useCursor} from './use-cursor.ts';

export interface SettingsFormProps {
	/** Of ink-form's heading: the form, and below it where in the way it stands. */
	readonly title: string;
	readonly place: string;
	/** At most four of them fit on 80x24. */
	readonly settings: readonly Setting[];
	readonly values: FieldValues;
	readonly columns: number;
	readonly rows: number;
	readonly checks?: Readonly<Record<string, PathCheck>>;
	readonly recent?: (key: string) => readonly string[];
	/** What is under the cursor at first; the button when left out. */
	readonly firstKey?: string;
	readonly onChange: (key: string, value: SettingValue) => void;
	readonly onSubmit: () => void;
	/** The setting under the cursor; undefined: the button. */
	readonly onCursor?: (key: string | undefined) => void;
	/** Called at once: while a field is open the keys are the field's. */
	readonly onEditing?: (isEditing: boolean) => void;
}

const none: Readonly<Record<string, PathCheck>> = {};
const noPaths = (): readonly string[] => [];

/**
 * A page of settings in ink-form's manner. ink-form says when a field is saved; the value is the one that the field reported, since
 * ink-form's own is that of its last rendering, and of the first one when the values change around it.
 */
export function SettingsForm({title, place, settings, values, columns, rows, checks = none, recent = noPaths, firstKey, onChange, onSubmit, onCursor, onEditing}: SettingsFormProps) {
	const keys = settings.map(({key}) => key);
	const first = firstKey === undefined ? -1 : keys.indexOf(firstKey);
	const cursor = useCursor({stops: keys.length + 1, first: first === -1 ? keys.length : first, moved: at => onCursor?.(keys[at])});
	const {opened, closed, focusAfter} = cursor;
	const latestOnEditing = useLatest(onEditing);
	const [, drawAgain] = useReducer((count: number) => count + 1, 0);
	const typed = useRef<{readonly key: string; readonly value: TextValue}>(undefined);
	const fieldOpened = useCallback(() => {
		typed.current = undefined;
		opened();
		latestOnEditing.current?.(true);
	}, [opened, latestOnEditing]);
	const fieldClosed = useCallback(() => {
		closed();
		latestOnEditing.current?.(false);
	}, [closed, latestOnEditing]);
	const reported = useCallback((key: string, value: TextValue) => {
		typed.current = {key, value};
	}, []);
	const context = useMemo<FormContextValue>(
		() => ({columns, values, checks, recent, reported, opened: fieldOpened, closed: fieldClosed, focusAfter}),
		[columns, values, checks, recent, reported, fieldOpened, fieldClosed, focusAfter],
	);
	const form: FormStructure = {title, sections: [{title: place, fields: settings.map(fieldOf)}]};
	return (
		<FormContext value={context}>
			<Box flexDirection="column" width={columns} height={rows} overflow="hidden">
				<Form
					// A copy at each rendering, or ink-form would go on showing what it thinks was saved.
					form={form} value={{...values}} customManagers={fieldManagers as FormFieldManager<FormField>[]} onSubmit={onSubmit}
					onChange={() => {
						const saved = typed.current;
						if (saved && 'value' in saved.value) {
							onChange(saved.key, saved.value.value);
						}

						drawAgain();
					}}
				/>
			</Box>
		</FormContext>
	);
}
