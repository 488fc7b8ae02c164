import {Box, Text} from 'ink';
import os from 'node:os';
import path from 'node:path';
import {useMemo, useReducer, useSyncExternalStore} from 'react';
import {valueRange, type StepRange} from '../chart/index.ts';
import {chosenSample, HelpOverlay, initialState, LossPane, reduceDashboard, SamplePane, Separator, stepsOf, tooSmallMessage, type Area, type DashboardState} from '../dashboard/index.ts';
import {KeyHints} from '../key-hints.tsx';
import {useKeys} from '../keys.ts';
import type {RunStore, RunView, SamplesOfStep} from '../run/index.ts';
import {useSize, type PictureCache} from '../term/index.ts';
import {Row} from '../row.tsx';
import {useTheme} from '../theme.ts';
import {fitPath, formatCount, formatPercent} from '../units.ts';
import {compareKeys, type CompareContext} from './compare-keys.ts';
import {compareLayout} from './compare-layout.ts';
import {differences, type Difference} from './differences.ts';

/** A run as a comparison shows it. */
export interface ComparedRun {
	readonly store: RunStore;
	/** What the person calls it. */
	readonly title: string;
	/** Absolute. */
	readonly runFolder: string;
	/** As `run.json` holds it. */
	readonly config: unknown;
}

export interface CompareProps {
	readonly runs: readonly [ComparedRun, ComparedRun];
	readonly pictures: PictureCache;
	readonly onLeave: () => void;
}

interface Side extends ComparedRun {
	readonly view: RunView;
}

/** Two runs, live or ended, side by side: losses on one scale, samples of the same step, and what was set differently. */
export function Compare({runs, pictures, onLeave}: CompareProps) {
	const theme = useTheme();
	const {columns, rows} = useSize();
	const [state, dispatch] = useReducer(reduceDashboard, initialState);
	const left = useSide(runs[0]);
	const right = useSide(runs[1]);
	const sides = [left, right] as const;
	const differing = useMemo(() => differences(runs[0].config, runs[1].config), [runs]);
	const context: CompareContext = {
		state, dispatch, leave: onLeave, samples: samplesOfBoth(sides),
		prompts: Math.max(...sides.map(({view}) => view.samples.at(-1)?.images.length ?? 0)),
	};
	const isHelp = state.mode === 'help';
	useKeys(compareKeys, context, {
		isActive: !isHelp,
		refused: reason => dispatch({type: 'say', text: reason, kind: 'warn'}),
		otherwise: () => dispatch({type: 'quiet'}),
	});
	const areas = compareLayout(columns, rows, {pictures: pictures.terminal.pictures !== 'none', differences: differing.length});
	if (!areas) {
		return <Text>{tooSmallMessage(columns, rows)}</Text>;
	}

	if (isHelp) {
		return <HelpOverlay bindings={compareKeys} context={context} area={{columns, rows}} onClose={() => dispatch({type: 'show', mode: 'overview'})}/>;
	}

	const bodyRows = areas.chart.rows + 2 + (areas.picture ? areas.picture.rows + 2 : 0);
	const range = commonRange(sides);
	return (
		<Box flexDirection="column" width={columns} height={rows}>
			<Box height={bodyRows}>
				<Half side={left} letter="A" {...{areas, state, range, pictures}}/>
				<Separator rows={bodyRows}/>
				<Half side={right} letter="B" {...{areas, state, range, pictures}}/>
			</Box>
			{sides.map((side, index) => <SamplePath key={index} side={side} letter={index === 0 ? 'A' : 'B'} state={state} columns={columns}/>)}
			<Differences differing={differing} columns={columns} rows={areas.differenceRows}/>
			<Text {...theme.warn} wrap="truncate-end">{state.message?.text ?? ' '}</Text>
			<KeyHints bindings={compareKeys} context={context} width={columns}/>
		</Box>
	);
}

function useSide(run: ComparedRun): Side {
	return {...run, view: useSyncExternalStore(run.store.subscribe, run.store.getView)};
}

/** The axes of both charts: all steps and all losses of either. */
function commonRange(sides: readonly Side[]): {readonly steps: StepRange | undefined; readonly values: ReturnType<typeof valueRange>} {
	const steps = sides.flatMap(({view}) => stepsOf(view) ?? []);
	return {
		steps: steps.length === 0 ? undefined : {from: Math.min(...steps.map(({from}) => from)), to: Math.max(...steps.map(({to}) => to))},
		values: valueRange(...sides.flatMap(({view: {histories}}) => [histories.loss.buckets, histories.validation.buckets])),
	};
}

/** Every step at which a run has samples; the images are the sides' own. */
function samplesOfBoth(sides: readonly Side[]): readonly SamplesOfStep[] {
	const steps = new Set(sides.flatMap(({view}) => view.samples.map(({step}) => step)));
	return [...steps].sort((one, other) => one - other).map(step => ({step, images: []}));
}

function Half({side: {view, title, runFolder}, letter, areas: {half, chart, picture}, state, range: {steps, values}, pictures}: {
	side: Side; letter: string; areas: {half: number; chart: Area; picture: Area | undefined}; state: DashboardState; range: ReturnType<typeof commonRange>; pictures: PictureCache;
}) {
	const theme = useTheme();
	const {status, step, totalSteps} = view;
	return (
		<Box flexDirection="column" width={half}>
			<Row columns={half}>
				<Text {...theme.accent} bold>{letter} </Text><Text {...theme.strong}>{title}</Text> {theme.glyphs.bullet} {status} {formatCount(step, totalSteps)} {formatPercent(step, totalSteps).trim()}
			</Row>
			<LossPane view={view} area={chart} scale={state.scale} smoothing={state.smoothing} steps={steps} values={values}/>
			{picture && <SamplePane {...{view, state, runFolder, pictures}} area={picture}/>}
		</Box>
	);
}

function SamplePath({side: {view, runFolder}, letter, state, columns}: {side: Side; letter: string; state: DashboardState; columns: number}) {
	const theme = useTheme();
	const sample = chosenSample(view, state);
	const file = sample ? fitPath(path.join(runFolder, sample.file), columns - 9, {home: os.homedir(), ellipsis: theme.glyphs.ellipsis}) : 'none yet';
	return <Row columns={columns} file={sample && path.join(runFolder, sample.file)}><Text {...theme.dim}>sample {letter} </Text>{file}</Row>;
}

/** `learningRate  1e-4 | 5e-5`, and at the end how many more there are. */
function Differences({differing, columns, rows}: {differing: readonly Difference[]; columns: number; rows: number}) {
	const theme = useTheme();
	const shown = differing.slice(0, differing.length > rows ? rows - 1 : rows);
	const keyColumns = Math.min(Math.floor(columns / 3), Math.max(0, ...shown.map(({key}) => key.length)));
	return (
		<Box flexDirection="column" width={columns} height={rows}>
			{shown.map(({key, values: [one, other]}) => (
				<Text key={key} wrap="truncate-end"><Text {...theme.dim}>{key.slice(0, keyColumns).padEnd(keyColumns)}  </Text>{one ?? '-'} <Text {...theme.dim}>|</Text> {other ?? '-'}</Text>
			))}
			{differing.length > shown.length && <Text {...theme.dim} wrap="truncate-end">and {differing.length - shown.length} more settings differ</Text>}
		</Box>
	);
}
