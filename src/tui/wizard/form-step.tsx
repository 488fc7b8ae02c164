import {useState} from 'react';
import {SettingsForm, type FieldValues} from '../fields/index.ts';
import {useKeys, type KeyBinding} from '../keys.ts';
import {Page} from '../page.tsx';
import type {PictureCache} from '../term/index.ts';
import {backKeys, type StepKeyContext, type StepProps} from './step-context.ts';
import {keepPreset} from './steps.ts';
import {Thumbnails} from './thumbnails.tsx';

interface FormContext extends StepKeyContext {
	readonly isAtButton: boolean;
	readonly isEditing: boolean;
	readonly add: (() => void) | undefined;
}

const closed = ({isEditing}: FormContext): boolean => !isEditing;

/** Enter, arrows and Tab are the form's own; they stand here for the footer and the help. */
const keysTo = (onwards: string): readonly KeyBinding<FormContext>[] => [
	{keys: ['enter'], label: 'edit', help: 'Opens the field; in it, saves the value.', when: context => closed(context) && !context.isAtButton, run() {}},
	{keys: ['enter'], label: 'go on', help: `On to ${onwards}.`, when: context => closed(context) && context.isAtButton, run() {}},
	{keys: ['right'], label: onwards, help: `On to ${onwards}.`, when: closed, run: ({next}) => next()},
	{keys: ['a'], label: 'one more subject', help: 'Teaches one more subject in the same run.', when: context => closed(context) && context.add !== undefined, run: ({add}) => add?.()},
	...backKeys.map(binding => ({...binding, when: closed})),
	{keys: ['enter'], label: 'save', help: '', when: ({isEditing}) => isEditing, run() {}},
	{keys: ['tab'], label: 'save, next field', help: 'In a field: saves it and goes to the next; paths complete first.', when: ({isEditing}) => isEditing, run() {}},
	{keys: ['esc'], label: 'give up', help: '', when: ({isEditing}) => isEditing, run() {}},
];

const stepKeys = keysTo('next step');
const listedKeys = keysTo('the list');

/** Rows of ink-form's heading and of its button, and of each closed field. */
const FRAME_ROWS = 7;
const FIELD_ROWS = 3;

export interface FormStepProps extends StepProps {
	readonly values: FieldValues;
	readonly firstKey?: string;
	/** Some of the photos of this folder are shown in the rows that the closed form leaves. */
	readonly photos?: {readonly folder: string; readonly pictures: PictureCache};
	/** The number of the concept that the settings of concepts are for; the first when left out. */
	readonly concept?: number;
	/** Whether it was opened from a list, to which it leads back. */
	readonly isListed?: boolean;
	/** Adds a concept to the one that is asked for. */
	readonly add?: () => void;
}

/** A step that is a page of settings. */
export function FormStep({step, place, area, notices, values, firstKey, photos, concept, isListed = false, add, checks, recent, dispatch, next, back, explain, interrupt}: FormStepProps) {
	const {settings = []} = step;
	const [cursor, setCursor] = useState(firstKey);
	const [isEditing, setIsEditing] = useState(false);
	const formKeys = isListed ? listedKeys : stepKeys;
	const context: FormContext = {next, back, interrupt, add, isEditing, isAtButton: cursor === undefined, explainCursor: () => explain(cursor)};
	useKeys(formKeys, context, {isActive: !isEditing});
	return (
		<Page area={area} notices={isEditing ? [] : notices} bindings={formKeys} context={context}>
			{({columns, rows}) => {
				const isShared = photos !== undefined && !isEditing;
				const formRows = isShared ? Math.min(rows, FRAME_ROWS + settings.length * FIELD_ROWS) : rows;
				return (
					<>
						<SettingsForm
							title={step.title} place={place} settings={settings} values={values} columns={columns} rows={formRows} checks={checks} recent={recent}
							{...(firstKey !== undefined && {firstKey})} onCursor={setCursor} onEditing={setIsEditing} onSubmit={() => next()}
							onChange={(key, value) => dispatch(key === keepPreset.key ? {type: 'keep preset', keep: value === true} : {type: 'give', key, value, ...(concept !== undefined && {concept})})}
						/>
						{isShared && <Thumbnails {...photos} area={{columns, rows: rows - formRows}}/>}
					</>
				);
			}}
		</Page>
	);
}
