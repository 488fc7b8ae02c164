import {Box, Text} from 'ink';
import {useState, type ReactNode} from 'react';
import {optionBeside, SettingEditor} from '../fields/index.ts';
import {keyName, useKeys, type KeyBinding} from '../keys.ts';
import {useLatestInput} from '../latest-input.ts';
import {List, listKeys, type ListContext} from '../list.tsx';
import {Page, wrapText, type Area} from '../page.tsx';
import {textInput, textOfLine, useTextLine} from '../text/index.ts';
import {Row, WrappedRow} from '../row.tsx';
import {useTheme, type Theme} from '../theme.ts';
import {isGiven} from './answers.ts';
import {changedRows, foundRows, shownValue, type SettingRow} from './setting-rows.ts';
import {backKeys, type StepKeyContext, type StepProps} from './step-context.ts';

/** A setting, or the first row of the review. */
type Item = SettingRow | 'go on';

interface SettingsContext extends StepKeyContext, ListContext {
	readonly row: SettingRow | undefined;
	readonly isWhole: boolean;
	/** At the row that takes everything as it is. */
	readonly isAtGoOn: boolean;
	readonly edit: () => void;
	readonly search: () => void;
	readonly change: (by: 1 | -1) => void;
	readonly takeBack: () => void;
	readonly showWhole: (whole: boolean) => void;
}

const noRow = ({row}: SettingsContext): string | undefined => row ? undefined : 'No setting is under the cursor: move to one first.';
const noOption = (context: SettingsContext): string | undefined =>
	noRow(context) ?? (optionBeside(context.row!.setting, context.row!.value, 1) === undefined ? 'Press Enter to type another value.' : undefined);

const settingsKeys: readonly KeyBinding<SettingsContext>[] = [
	{keys: ['enter'], label: 'go on', help: 'The next step, from the first row of the review.', when: ({isAtGoOn}) => isAtGoOn, run: ({next}) => next()},
	{keys: ['enter'], label: 'edit', help: 'Edits the setting under the cursor.', why: noRow, run: ({edit}) => edit()},
	{keys: ['space'], label: 'other value', help: 'The next value of a choice or a switch.', when: context => noOption(context) === undefined, run: ({change}) => change(1)},
	{keys: ['/'], label: 'search', help: 'Finds settings by any name, in English or Chinese, also those of the A1111 extension.', run: ({search}) => search()},
	{keys: ['a'], label: 'all settings', help: 'Lists every setting.', when: ({isWhole}) => !isWhole, run: ({showWhole}) => showWhole(true)},
	{keys: ['a'], label: 'changed only', help: 'Lists the settings that differ from their default.', when: ({isWhole}) => isWhole, run: ({showWhole}) => showWhole(false)},
	{keys: ['r', 'backspace'], label: 'advised value', help: 'Takes back what was given by hand.', when: ({row}) => row?.isGiven === true, run: ({takeBack}) => takeBack()},
	{keys: ['right', 'n', 'tab'], label: 'next step', help: 'The next step.', run: ({next}) => next()},
	...listKeys,
	...backKeys,
];

const typed = (key: string, label: string): KeyBinding<SettingsContext> => ({keys: [key], label, help: '', run() {}});

/** For the footer: while something is typed the keys are the field's. */
const typingKeys: Readonly<Record<'edit' | 'search', readonly KeyBinding<SettingsContext>[]>> = {
	edit: [typed('enter', 'save'), typed('esc', 'give up')],
	search: [typed('enter', 'to the list'), typed('esc', 'no search')],
};

/** A list of settings with their values and why: those that differ from the default, or every one, with search. */
export function SettingsStep({startsWhole, ...props}: StepProps & {startsWhole: boolean}) {
	const {step, place, area, notices, answers, outcome: {config, reasons}, checks, recent, dispatch, next, back, explain, interrupt} = props;
	const [isWhole, setIsWhole] = useState(startsWhole);
	const [cursor, setCursor] = useState(0);
	const [mode, setMode] = useState<'list' | 'search' | 'edit'>('list');
	const {line, apply} = useTextLine('');
	const theme = useTheme();
	const options = {config, reasons, isGiven: (key: string, concept?: number) => isGiven(answers, key, concept)};
	const rows = isWhole || line.text !== '' ? foundRows(line.text, options) : changedRows(options);
	const items: readonly Item[] = startsWhole || isWhole || line.text !== '' ? rows : ['go on', ...rows];
	const item = items[Math.min(cursor, items.length - 1)];
	const row = item === 'go on' ? undefined : item;
	const listRows = area.rows - 8;
	const context: SettingsContext = {
		next, interrupt, row, isWhole, isAtGoOn: item === 'go on', cursor: Math.max(0, Math.min(cursor, items.length - 1)), count: items.length, page: listRows, moveTo: setCursor,
		explainCursor: () => explain(row?.setting.key),
		back() {
			if (line.text === '') {
				back();
			} else {
				apply({type: 'replace', text: ''});
			}
		},
		edit: () => setMode('edit'),
		search: () => setMode('search'),
		change(by) {
			const value = row && optionBeside(row.setting, row.value, by);
			if (row && value !== undefined) {
				dispatch({type: 'give', ...placeOf(row), value});
			}
		},
		takeBack: () => row && dispatch({type: 'take back', ...placeOf(row)}),
		showWhole(whole) {
			setIsWhole(whole);
			setCursor(0);
		},
	};
	useKeys(settingsKeys, context, {isActive: mode === 'list'});
	useLatestInput((input, key) => {
		const name = keyName(input, key);
		if (name === 'enter' || name === 'down' || name === 'tab') {
			setMode('list');
		} else if (name === 'esc') {
			apply({type: 'replace', text: ''});
			setMode('list');
		} else {
			const {action} = textInput(input, key);
			if (action) {
				apply(action);
				setCursor(0);
			}
		}
	}, {isActive: mode === 'search'});
	return (
		<Page title={step.title} place={place} area={area} notices={mode === 'edit' ? [] : notices} bindings={mode === 'list' ? settingsKeys : typingKeys[mode]} context={context}>
			{inside => mode === 'edit' && row
				? (
					<SettingEditor
						setting={row.setting} label={row.label} value={row.value} columns={inside.columns} checks={checks} recent={recent} onCancel={() => setMode('list')}
						onSave={value => {
							dispatch({type: 'give', ...placeOf(row), value});
							setMode('list');
						}}
					/>
				)
				: (
					<>
						{(mode === 'search' || line.text !== '') && <WrappedRow columns={inside.columns}>search: {textOfLine(line, theme, {isActive: mode === 'search'})}</WrappedRow>}
						<SettingList items={items} cursor={context.cursor} area={{...inside, rows: listRows}}/>
						<RowAtCursor row={row} columns={inside.columns}/>
					</>
				)}
		</Page>
	);
}

/** Where its value is given. */
const placeOf = ({setting: {key}, concept}: SettingRow): {readonly key: string; readonly concept?: number} => ({key, ...(concept !== undefined && {concept})});

function SettingList({items, cursor, area}: {items: readonly Item[]; cursor: number; area: Area}) {
	const theme = useTheme();
	const labelColumns = Math.min(40, Math.max(0, ...items.map(item => item === 'go on' ? 0 : item.label.length)));
	return items.length === 0 ? <Text {...theme.dim}>No setting is called so.</Text> : (
		<List items={items} cursor={cursor} columns={area.columns} rows={area.rows} keyOf={item => item === 'go on' ? '' : `${item.concept ?? ''}${item.setting.key}`}>
			{item => item === 'go on' ? <Text {...theme.strong}>Take all this and go on</Text> : settingText(item, theme, {labelColumns})}
		</List>
	);
}

function settingText(row: SettingRow, theme: Theme, {labelColumns}: {labelColumns: number}): ReactNode {
	return (
		<>
			<Text {...(row.hasEffect ? {} : theme.dim)}>{row.label.padEnd(labelColumns)}  </Text>
			<Text {...(row.isDefault || !row.hasEffect ? theme.dim : theme.strong)}>{shownValue(row)}</Text>
			{row.reason !== '' && <Text {...theme.dim}>  {row.reason}</Text>}
		</>
	);
}

/** What the setting under the cursor is, below the list. */
function RowAtCursor({row, columns}: {row: SettingRow | undefined; columns: number}) {
	const theme = useTheme();
	if (!row) {
		return null;
	}

	const lines = wrapText(`${row.setting.help}${row.reason === '' ? '' : ` (${row.reason})`}`, columns);
	return <Box marginTop={1} flexDirection="column">{lines.map((line, index) => <Row key={index} columns={columns}><Text {...theme.dim}>{line}</Text></Row>)}</Box>;
}
