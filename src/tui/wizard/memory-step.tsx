import {Box, Text} from 'ink';
import {useMemo, useState, type ReactNode} from 'react';
import {fitConfig, type TrainingConfig} from '../../presets/index.ts';
import {useKeys, type KeyBinding} from '../keys.ts';
import {List, listKeys, type ListContext} from '../list.tsx';
import {Page, wrapText, type Notice} from '../page.tsx';
import {Row} from '../row.tsx';
import {useTheme, type Theme} from '../theme.ts';
import {isGiven, type Outcome} from './answers.ts';
import {MemoryBar, MemoryLines} from './memory-bar.tsx';
import {alternativeFor, memoryRows, type MemoryRow} from './memory-rows.ts';
import {backKeys, type StepKeyContext, type StepProps} from './step-context.ts';

interface MemoryContext extends StepKeyContext, ListContext {
	readonly row: MemoryRow | undefined;
	readonly change: (wanted: 'more' | 'less' | 'next') => void;
	readonly takeBack: () => void;
	readonly isGiven: boolean;
	readonly hasCure: boolean;
	readonly makeFit: () => void;
}

const noAlternative = ({row}: MemoryContext): string | undefined => row?.alternatives.length === 0 ? 'There is nothing else to choose here.' : undefined;

const memoryKeys: readonly KeyBinding<MemoryContext>[] = [
	{keys: ['enter', 'right', 'tab'], label: 'next step', help: 'The next step.', run: ({next}) => next()},
	{keys: ['space'], label: 'change', help: 'Takes the first alternative of the option under the cursor.', why: noAlternative, run: ({change}) => change('next')},
	{keys: ['f'], label: 'make it fit', help: 'Makes the changes that let it fit.', when: ({hasCure}) => hasCure, run: ({makeFit}) => makeFit()},
	{keys: ['-'], label: '', help: 'Takes the alternative that needs less.', why: noAlternative, run: ({change}) => change('less')},
	{keys: ['+', '='], label: '', help: 'Takes the alternative that needs more.', why: noAlternative, run: ({change}) => change('more')},
	{keys: ['r', 'backspace'], label: 'advised value', help: 'Takes back what was given by hand.', when: ({isGiven}) => isGiven, run: ({takeBack}) => takeBack()},
	...listKeys,
	...backKeys,
];

/** Whether it fits, and what each option would change about it. */
export function MemoryStep({step, place: stepPlace, area, notices, answers, outcome, dispatch, next, back, explain, interrupt}: StepProps) {
	const theme = useTheme();
	const [cursor, setCursor] = useState(0);
	const rows = useMemo(() => memoryRows(outcome), [outcome]);
	const cure = useMemo(() => cureOf(outcome), [outcome]);
	const at = Math.min(cursor, rows.length - 1);
	const row = rows[at];
	const give = (change: Partial<TrainingConfig>): void => {
		for (const [key, value] of Object.entries(change)) {
			dispatch({type: 'give', key, value: value as string | number | boolean});
		}
	};

	const context: MemoryContext = {
		next, back, interrupt, row, cursor: at, count: rows.length, page: rows.length, moveTo: setCursor,
		explainCursor: () => explain(row?.setting.key),
		isGiven: row !== undefined && isGiven(answers, row.setting.key),
		hasCure: cure !== undefined && cure.fits,
		takeBack: () => row && dispatch({type: 'take back', key: row.setting.key}),
		change(wanted) {
			const alternative = row && alternativeFor(row, wanted);
			if (alternative) {
				give(alternative.change);
			}
		},
		makeFit: () => cure?.changes.forEach(({change}) => give(change)),
	};
	useKeys(memoryKeys, context);
	const advice: readonly Notice[] = cure ? [cureNotice(cure)] : [];
	return (
		<Page title={step.title} place={stepPlace} area={area} notices={notices.length > 0 ? notices : advice} bindings={memoryKeys} context={context}>
			{({columns, rows: available}) => {
				const where = wrapText(outcome.reasons.find(({key}) => key === 'device')?.reason ?? '', columns).slice(0, MOST_WHERE_ROWS);
				// Beside bar and parts a row stays free above the list and one below it.
				const left = available - where.length - 4;
				const listRows = Math.min(rows.length, left);
				return (
					<>
						<MemoryBar outcome={outcome} columns={columns}/>
						<MemoryLines outcome={outcome} columns={columns}/>
						{where.map(line => <Row key={line} columns={columns}><Text {...theme.dim}>{line}</Text></Row>)}
						<Box marginTop={1}>
							<List items={rows} cursor={at} columns={columns} rows={listRows} keyOf={item => item.setting.key}>{item => optionText(item, theme)}</List>
						</Box>
						{row && <AboutOption row={row} columns={columns} rows={left - listRows}/>}
					</>
				);
			}}
		</Page>
	);
}

type Cure = ReturnType<typeof fitConfig>;

/** What would have to change; undefined when it fits, or nothing is known. */
function cureOf({config, model, plan, place}: Outcome): Cure | undefined {
	return model && plan && plan.peakBytes > place.usableBytes ? fitConfig(config, model, place) : undefined;
}

const cureNotice = ({changes, fits}: Cure): Notice => (fits ?
	{text: `It would fit with: ${changes.map(({text}) => text).join('; ')}. Press f to take these.`, look: 'warn'}
:	{text: 'Nothing makes it fit here: use a machine with more memory, or a smaller base model.', look: 'bad'});

const shown = (value: MemoryRow['value']): string => (typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value));

const LABEL_COLUMNS = 30;
/** A card in use by several programs takes them to say so. */
const MOST_WHERE_ROWS = 3;

/** Without what it means besides memory, which stands below the list. */
const brief = (text: string): string => /^.*?: (?:no difference|[+-][\d.]+ \w+)/.exec(text)?.[0] ?? text;

/** `Gradient checkpointing  no   Gradient checkpointing: -1.2 GiB`. */
function optionText({setting, value, alternatives: [first]}: MemoryRow, theme: Theme): ReactNode {
	return (
		<>
			<Text>{setting.label.padEnd(LABEL_COLUMNS)}</Text>
			<Text {...theme.strong}>{shown(value).padEnd(9)}</Text>
			{first && <Text {...theme.dim}>{brief(first.text)}</Text>}
		</>
	);
}

/** Why it is so, and all its alternatives. */
function AboutOption({row: {setting, reason, alternatives}, columns, rows}: {row: MemoryRow; columns: number; rows: number}) {
	const theme = useTheme();
	const why = wrapText(reason ?? setting.help, columns);
	const lines = [...why.map(text => ({text, look: {}})), ...alternatives.map(({text}) => ({text, look: theme.dim}))];
	return <Box marginTop={1} flexDirection="column">{lines.slice(0, Math.max(0, rows - 1)).map(({text, look}) => <Row key={text} columns={columns}><Text {...look}>{text}</Text></Row>)}</Box>;
}
