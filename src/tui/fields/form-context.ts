import {createContext, useContext, useLayoutEffect} from 'react';
import {useFocusManager} from 'ink';
import type {SettingValue, TextValue} from '../../presets/index.ts';
import type {Notice} from '../page.tsx';

/** A line that says what was found about a typed value. */
export type CheckLine = Notice;

/** Looks at a path; never throws for what it finds. */
export type PathCheck = (path: string) => Promise<readonly CheckLine[]>;

export type FieldValues = Readonly<Record<string, SettingValue | undefined>>;

/** What the fields of a form need of the form around them. */
export interface FormContextValue {
	/** Of the form. */
	readonly columns: number;
	/** By key of the field. */
	readonly values: FieldValues;
	/** By key of the field. */
	readonly checks: Readonly<Record<string, PathCheck>>;
	/** Paths that were used before, the latest first, by key of the field. */
	readonly recent: (key: string) => readonly string[];
	/** What is typed so far, or what is wrong with it, at once: ink-form knows it only after its next rendering. */
	readonly reported: (key: string, typed: TextValue) => void;
	/** Called at once when a field opens and closes, so that keys of the form and keys of the field never meet. */
	readonly opened: (key: string) => void;
	readonly closed: () => void;
	/** After a field was closed: puts the focus on it again, or on the next one. */
	readonly focusAfter: (how: 'saved' | 'saved-by-tab' | 'cancelled') => void;
}

export const FormContext = createContext<FormContextValue>({columns: 80, values: {}, checks: {}, recent: () => [], reported() {}, opened() {}, closed() {}, focusAfter() {}});

/** Columns for an open field in a form of so many: ink-form leaves some free on both sides. */
export const insideField = (columns: number): number => columns - 6;

/**
 * To be called by the editor of every field. Ink moves the focus on Tab, also to fields that ink-form hides during an edit (their
 * keys would be dead then), so Ink's own focus keys rest as long as a field is open.
 */
export function useEditing(key: string): void {
	const {opened, closed} = useContext(FormContext);
	const {enableFocus, disableFocus} = useFocusManager();
	useLayoutEffect(() => {
		opened(key);
		disableFocus();
		return () => {
			closed();
			enableFocus();
		};
	}, [key, opened, closed, enableFocus, disableFocus]);
}
