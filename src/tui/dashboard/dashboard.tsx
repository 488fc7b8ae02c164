import {Box, Text} from 'ink';
import os from 'node:os';
import path from 'node:path';
import {useCallback, useEffect, useReducer, useState, useSyncExternalStore} from 'react';
import {isEnded, type Command} from '../../train/protocol/index.ts';
import {KeyHints} from '../key-hints.tsx';
import {useKeys} from '../keys.ts';
import type {RunStore} from '../run/index.ts';
import {useSize, type PictureCache} from '../term/index.ts';
import {Row} from '../row.tsx';
import {useTheme} from '../theme.ts';
import {fitPath} from '../units.ts';
import {dashboardKeys, type DashboardContext} from './dashboard-keys.ts';
import {chosenSample, following, initialState, measuresOf, reduceDashboard} from './dashboard-state.ts';
import {MemoryGauge} from './gauges.tsx';
import {Header} from './header.tsx';
import {HelpOverlay} from './help-overlay.tsx';
import {layout, tooSmallMessage, type Area, type DashboardLayout} from './layout.ts';
import {LogPane, Messages} from './log-pane.tsx';
import {MeasurePane} from './measure-pane.tsx';
import {messageLines, type MessageLine} from './messages.ts';
import {isQuestion, QuestionPane} from './question-pane.tsx';
import {BeforeAfter, SamplePane} from './sample-pane.tsx';
import {Separator} from './separator.tsx';

export interface DashboardProps {
	readonly store: RunStore;
	/** What the person calls the run. */
	readonly title: string;
	/** Absolute. */
	readonly runFolder: string;
	/** What each concept is called, in the order of the config. */
	readonly conceptPrompts: readonly string[];
	readonly send: (command: Command) => Promise<{readonly ok: boolean; readonly message: string}>;
	readonly pictures: PictureCache;
	/** Of this machine, for runs on the CPU. */
	readonly memoryTotalBytes: number;
	/** `detached`: training goes on without this window; `quit`: the run had ended. */
	readonly onLeave: (how: 'detached' | 'quit') => void;
}

/** How long an answer to a key stays when no other key is pressed. */
const MESSAGE_MS = 10_000;
/** For what changes without any event: that there was none for long. */
const CLOCK_MS = 10_000;
const HEADER_ROWS = 2;

/** A run, live or ended, on the whole screen. */
export function Dashboard({store, title, runFolder, conceptPrompts, send, pictures, memoryTotalBytes, onLeave}: DashboardProps) {
	const view = useSyncExternalStore(store.subscribe, store.getView);
	const [state, dispatch] = useReducer(reduceDashboard, initialState);
	const {columns, rows} = useSize();
	const nowMs = useClock();
	const {message} = state;
	useEffect(() => {
		const timer = message && setTimeout(() => dispatch({type: 'quiet'}), MESSAGE_MS);
		return () => clearTimeout(timer);
	}, [message]);

	const order = useCallback((command: Command) => {
		void send(command).then(({ok, message}) => {
			dispatch({type: 'say', text: message, kind: ok ? 'ok' : 'warn'});
			if (ok && command.type === 'stop') {
				dispatch({type: 'stopping', when: command.when});
			}
		});
	}, [send]);
	const context: DashboardContext = {
		view, state, dispatch, order,
		pictures: pictures.terminal.pictures !== 'none',
		leave: () => onLeave(isEnded(view.status) ? 'quit' : 'detached'),
	};
	// Two Ctrl-C can come before the screen is drawn again: the state counts them.
	const isLeaving = state.leaving === 'yes';
	useEffect(() => {
		if (isLeaving) {
			onLeave('detached');
		}
	}, [isLeaving, onLeave]);
	const hasOwnKeys = state.mode === 'help' || isQuestion(state.mode);
	useKeys(dashboardKeys, context, {
		isActive: !hasOwnKeys,
		refused: reason => dispatch({type: 'say', text: reason, kind: 'warn'}),
		otherwise: () => dispatch({type: 'quiet'}),
	});

	const lines = messageLines(view, state, {runFolder, columns});
	const areas = layout(columns, rows, {pictures: context.pictures, messageRows: lines.length});
	if (!areas) {
		return <Text>{tooSmallMessage(columns, rows)}</Text>;
	}

	const below = {columns, rows: rows - HEADER_ROWS};
	return (
		<Box flexDirection="column" width={columns} height={rows}>
			<Header view={view} title={title} columns={columns} nowMs={nowMs}/>
			{hasOwnKeys ? <Answering context={context} runFolder={runFolder} area={below}/> : (
				<>
					<Middle {...{areas, lines, rows, context, runFolder, conceptPrompts, pictures, memoryTotalBytes}}/>
					<KeyHints bindings={dashboardKeys} context={context} width={columns}/>
				</>
			)}
		</Box>
	);
}

/** What has keys of its own: the list of keys, and questions. */
function Answering({context, runFolder, area}: {context: DashboardContext; runFolder: string; area: Area}) {
	const {state: {mode}, dispatch} = context;
	return isQuestion(mode)
		? <QuestionPane question={mode} context={context} runFolder={runFolder} area={area}/>
		: <HelpOverlay bindings={dashboardKeys} context={{...context, state: {...context.state, mode: 'overview'}}} area={area} onClose={() => dispatch({type: 'show', mode: 'overview'})}/>;
}

interface MiddleProps {
	readonly areas: DashboardLayout;
	readonly lines: readonly MessageLine[];
	readonly rows: number;
	readonly context: DashboardContext;
	readonly runFolder: string;
	readonly conceptPrompts: readonly string[];
	readonly pictures: PictureCache;
	readonly memoryTotalBytes: number;
}

/** What stands between header and keys: the overview, one picture, or two. Messages are seen in all of them. */
function Middle(props: MiddleProps) {
	const {areas: {columns, messageRows, logRows}, lines, rows, context: {view, state}, runFolder, pictures} = props;
	const messages = messageRows > 0 && <Messages lines={lines} columns={columns} rows={messageRows}/>;
	const samplePath = <SamplePath context={props.context} runFolder={runFolder} columns={columns}/>;
	if (state.mode === 'picture' || state.mode === 'before-after') {
		// Caption, scrubber, path and keys are one row each.
		const area = {columns, rows: rows - HEADER_ROWS - messageRows - 4};
		return (
			<>
				{state.mode === 'picture' ? <SamplePane {...{view, state, runFolder, pictures, area}}/> : <BeforeAfter {...{view, state, runFolder, pictures}} area={{columns, rows: area.rows + 1}}/>}
				{samplePath}
				{messages}
			</>
		);
	}

	return (
		<>
			<Overview {...props}/>
			<MemoryGauge view={view} columns={columns} memoryTotalBytes={props.memoryTotalBytes}/>
			{samplePath}
			{messages}
			{logRows > 0 && <LogPane view={view} columns={columns} rows={logRows}/>}
		</>
	);
}

/** The charts and, where there is room, the picture beside them. */
function Overview({areas: {body, chart, secondChart, picture}, context: {view, state}, runFolder, conceptPrompts, pictures}: MiddleProps) {
	const measures = measuresOf(view);
	const measure = measures.includes(state.measure) ? state.measure : 'loss';
	return (
		<Box height={body.rows + 1}>
			<Box flexDirection="column" width={chart.columns} height={body.rows + 1}>
				<Box height={chart.rows + 1}><MeasurePane {...{measure, view, state, conceptPrompts}} area={chart}/></Box>
				{secondChart && <MeasurePane {...{view, state, conceptPrompts}} measure={following(measures, measure)} area={secondChart}/>}
			</Box>
			{picture && (
				<>
					<Separator rows={body.rows + 1}/>
					<SamplePane {...{view, state, runFolder, pictures}} area={picture}/>
				</>
			)}
		</Box>
	);
}

/** Always there: it is what people copy to their own machine. */
function SamplePath({context: {view, state}, runFolder, columns}: {context: DashboardContext; runFolder: string; columns: number}) {
	const theme = useTheme();
	const sample = chosenSample(view, state);
	const file = sample ? fitPath(path.join(runFolder, sample.file), columns - 7, {home: os.homedir(), ellipsis: theme.glyphs.ellipsis}) : 'none yet';
	return <Row columns={columns} file={sample && path.join(runFolder, sample.file)}><Text {...theme.dim}>sample </Text>{file}</Row>;
}

function useClock(): number {
	const [nowMs, setNowMs] = useState(() => Date.now());
	useEffect(() => {
		const timer = setInterval(() => setNowMs(Date.now()), CLOCK_MS);
		return () => clearInterval(timer);
	}, []);
	return nowMs;
}
