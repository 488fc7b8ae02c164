import {Box, Text} from 'ink';
import {useMemo, useState} from 'react';
import {formatNumber, type Setting, type SettingValue, type TrainingConfig} from '../../presets/index.ts';
import {optionBeside} from '../fields/index.ts';
import {useKeys, type KeyBinding} from '../keys.ts';
import {List, listKeys, type ListContext} from '../list.tsx';
import {Page} from '../page.tsx';
import {useTheme} from '../theme.ts';
import {formatBytes, formatBytesOf} from '../units.ts';
import {givenValues, valueOf} from './answers.ts';
import {factsOf, memoryOf, memorySettings, viewMemory, type MemoryView} from './memory-plan.ts';
import {backKeys, type StepKeyContext, type StepProps} from './step-context.ts';

interface MemoryContext extends StepKeyContext, ListContext {
	readonly change: (by: 1 | -1) => void;
	readonly takeBack: () => void;
	readonly isGiven: boolean;
}

const memoryKeys: readonly KeyBinding<MemoryContext>[] = [
	{keys: ['enter', 'tab'], label: 'next step', help: 'The next step.', run: ({next}) => next()},
	{keys: ['space', 'right', '+'], label: 'change', help: 'The next value of the option under the cursor.', run: ({change}) => change(1)},
	{keys: ['-'], label: '', help: 'The value before.', run: ({change}) => change(-1)},
	{keys: ['r', 'backspace'], label: 'advised value', help: 'Takes back what was given by hand.', when: ({isGiven}) => isGiven, run: ({takeBack}) => takeBack()},
	...listKeys,
	...backKeys,
];

/** Whether it fits, and what each option would change about it. */
export function MemoryStep({step, place, area, notices, answers, outcome: {config, reasons}, hardware, dispatch, next, back, explain, interrupt}: StepProps) {
	const [cursor, setCursor] = useState(0);
	const model = useMemo(() => factsOf(config.baseModel), [config.baseModel]);
	const setting = memorySettings[cursor]!;
	const key = setting.key;
	const context: MemoryContext = {
		next, back, interrupt, cursor, count: memorySettings.length, page: memorySettings.length, moveTo: setCursor, explainCursor: () => explain(key),
		isGiven: givenValues(answers)[key] !== undefined,
		takeBack: () => dispatch({type: 'take back', key}),
		change: by => dispatch({type: 'give', key, value: valueBeside(setting, valueOf(config, key)!, by)}),
	};
	useKeys(memoryKeys, context);
	const needed = memoryOf(config, model);
	const reason = reasons.find(found => found.key === key && found.value === valueOf(config, key))?.reason;
	return (
		<Page title={step.title} place={place} area={area} notices={notices} bindings={memoryKeys} context={context}>
			{({columns}) => (
				<>
					<MemoryBar view={viewMemory(config, model, hardware)} columns={columns}/>
					<Box marginTop={1}>
						<List items={memorySettings} cursor={cursor} rows={memorySettings.length} keyOf={item => item.key}>
							{item => <Option setting={item} config={config} needed={needed} after={changed => memoryOf({...config, [item.key]: changed}, model)}/>}
						</List>
					</Box>
					<Box marginTop={1}><Text wrap="wrap">{setting.help}{reason === undefined ? '' : ` ${reason}`}</Text></Box>
				</>
			)}
		</Page>
	);
}

/** The value that a key press makes of it; numbers stay in their range. */
function valueBeside(setting: Setting, value: SettingValue, by: 1 | -1): SettingValue {
	if ((setting.type === 'int' || setting.type === 'real') && typeof value === 'number') {
		return Math.min(setting.max, Math.max(setting.min, value + by * setting.step));
	}

	return optionBeside(setting, value, by) ?? value;
}

const shown = (value: SettingValue): string => (typeof value === 'boolean' ? (value ? 'yes' : 'no') : typeof value === 'number' ? formatNumber(value) : String(value));

const labelColumns = Math.max(...memorySettings.map(({label}) => label.length)) + 2;

/** `Gradient checkpointing  no   yes: -2.1 GiB`. */
function Option({setting, config, needed, after}: {setting: Setting; config: TrainingConfig; needed: number | undefined; after: (value: SettingValue) => number | undefined}) {
	const theme = useTheme();
	const value = valueOf(config, setting.key)!;
	const other = valueBeside(setting, value, 1);
	const then = after(other);
	const delta = needed === undefined || then === undefined ? undefined : then - needed;
	return (
		<>
			<Text>{setting.label.padEnd(labelColumns)}</Text>
			<Text {...theme.strong}>{shown(value).padEnd(10)}</Text>
			<Text {...theme.dim}>{other === value ? '' : `${shown(other)}: ${delta === undefined ? 'not known' : signed(delta)}`}</Text>
		</>
	);
}

/** Below a MiB it is nothing to decide by. */
const signed = (bytes: number): string => (Math.abs(bytes) < 2 ** 20 ? 'no change' : `${bytes < 0 ? '-' : '+'}${formatBytes(Math.abs(bytes))}`);

export function MemoryBar({view: {neededBytes, availableBytes, totalBytes, place}, columns}: {view: MemoryView; columns: number}) {
	const theme = useTheme();
	if (neededBytes === undefined) {
		return <Text {...theme.dim}>How much memory this takes cannot be told without the base model; {formatBytes(availableBytes)} of {place} are free.</Text>;
	}

	const fits = neededBytes <= availableBytes;
	const text = `${formatBytesOf(neededBytes, totalBytes)} of ${place}, ${formatBytes(availableBytes)} free: ${fits ? 'fits' : 'does not fit'}`;
	const cells = Math.max(10, columns - text.length - 10);
	const full = Math.min(cells, Math.round((neededBytes / totalBytes) * cells));
	return (
		<Text wrap="truncate-end">
			training{' '}
			<Text {...(fits ? theme.ok : theme.bad)}>{theme.glyphs.barFull.repeat(full)}</Text><Text {...theme.dim}>{theme.glyphs.barEmpty.repeat(cells - full)}</Text>
			{' '}{text}
		</Text>
	);
}
