import {useState} from 'react';
import {SettingsForm, type FieldValues} from '../fields/index.ts';
import {useKeys, type KeyBinding} from '../keys.ts';
import {Page} from '../page.tsx';
import {backKeys, type StepKeyContext, type StepProps} from './step-context.ts';
import {keepPreset} from './steps.ts';

interface FormContext extends StepKeyContext {
	readonly isAtButton: boolean;
	readonly isEditing: boolean;
}

const closed = ({isEditing}: FormContext): boolean => !isEditing;

/** Enter, arrows and Tab are the form's own; they stand here for the footer and the help. */
const formKeys: readonly KeyBinding<FormContext>[] = [
	{keys: ['enter'], label: 'edit', help: 'Opens the field; in it, saves the value.', when: context => closed(context) && !context.isAtButton, run() {}},
	{keys: ['enter'], label: 'go on', help: 'The next step.', when: context => closed(context) && context.isAtButton, run() {}},
	{keys: ['right'], label: 'next step', help: 'The next step.', when: closed, run: ({next}) => next()},
	...backKeys.map(binding => ({...binding, when: closed})),
	{keys: ['enter'], label: 'save', help: '', when: ({isEditing}) => isEditing, run() {}},
	{keys: ['tab'], label: 'save, next field', help: 'In a field: saves it and goes to the next; paths complete first.', when: ({isEditing}) => isEditing, run() {}},
	{keys: ['esc'], label: 'give up', help: '', when: ({isEditing}) => isEditing, run() {}},
];

/** A step that is a page of settings. */
export function FormStep({step, place, area, notices, values, firstKey, checks, recent, dispatch, next, back, explain, interrupt}: StepProps & {values: FieldValues; firstKey?: string}) {
	const [cursor, setCursor] = useState(firstKey);
	const [isEditing, setIsEditing] = useState(false);
	const context: FormContext = {next, back, interrupt, isEditing, isAtButton: cursor === undefined, explainCursor: () => explain(cursor)};
	useKeys(formKeys, context, {isActive: !isEditing});
	return (
		<Page area={area} notices={isEditing ? [] : notices} bindings={formKeys} context={context}>
			{({columns, rows}) => (
				<SettingsForm
					title={step.title} place={place} settings={step.settings ?? []} values={values} columns={columns} rows={rows} checks={checks} recent={recent}
					{...(firstKey !== undefined && {firstKey})} onCursor={setCursor} onEditing={setIsEditing} onSubmit={() => next()}
					onChange={(key, value) => dispatch(key === keepPreset.key ? {type: 'keep preset', keep: value === true} : {type: 'give', key, value})}
				/>
			)}
		</Page>
	);
}
