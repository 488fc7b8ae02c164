import {Box, Text} from 'ink';
import os from 'node:os';
import path from 'node:path';
import {useCallback, useEffect, useReducer, useState, useSyncExternalStore} from 'react';
import {isEnded, type Command} from '../../train/protocol/index.ts';
import {KeyHints} from '../key-hints.tsx';
import {useKeys} from '../keys.ts';
import type {RunStore} from '../run/index.ts';
import {useSize, type PictureCache} from '../term/index.ts';
import {useTheme} from '../theme.ts';
import {fitPath} from '../units.ts';
import {dashboardKeys, stopKeys, type DashboardContext} from './dashboard-keys.ts';
import {initialState, reduceDashboard} from './dashboard-state.ts';
import {MemoryGauge} from './gauges.tsx';
import {Header} from './header.tsx';
import {HelpOverlay} from './help-overlay.tsx';
import {layout, SEPARATOR_COLUMNS, tooSmallMessage, type DashboardLayout} from './layout.ts';
import {LogPane, Messages} from './log-pane.tsx';
import {LossChart} from './loss-chart.tsx';
import {messageLines, type MessageLine} from './messages.ts';
import {chosenSample, SamplePane} from './sample-pane.tsx';

export interface DashboardProps {
	readonly store: RunStore;
	/** What the person calls the run. */
	readonly title: string;
	/** Absolute. */
	readonly runFolder: string;
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
export function Dashboard({store, title, runFolder, send, pictures, memoryTotalBytes, onLeave}: DashboardProps) {
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
		void send(command).then(({ok, message}) => dispatch({type: 'say', text: message, kind: ok ? 'ok' : 'warn'}));
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
	const bindings = state.mode === 'confirm-stop' ? stopKeys : dashboardKeys;
	useKeys(bindings, context, {
		refused: reason => dispatch({type: 'say', text: reason, kind: 'warn'}),
		otherwise: () => dispatch({type: 'quiet'}),
	});

	const lines = messageLines(view, state, {runFolder, columns});
	const areas = layout(columns, rows, {pictures: context.pictures, messageRows: lines.length});
	if (!areas) {
		return <Text>{tooSmallMessage(columns, rows)}</Text>;
	}

	return (
		<Box flexDirection="column" width={columns} height={rows}>
			<Header view={view} title={title} columns={columns} nowMs={nowMs}/>
			<Middle areas={areas} lines={lines} rows={rows} context={context} runFolder={runFolder} pictures={pictures} memoryTotalBytes={memoryTotalBytes}/>
			<KeyHints bindings={bindings} context={context} width={columns}/>
		</Box>
	);
}

/** What stands between header and keys: the overview, one picture, or the list of keys. Messages are seen in all of them. */
function Middle({areas, lines, rows, context, runFolder, pictures, memoryTotalBytes}: {
	areas: DashboardLayout; lines: readonly MessageLine[]; rows: number; context: DashboardContext; runFolder: string; pictures: PictureCache; memoryTotalBytes: number;
}) {
	const {view, state} = context;
	const {columns, messageRows} = areas;
	const messages = messageRows > 0 && <Messages lines={lines} columns={columns} rows={messageRows}/>;
	if (state.mode === 'help') {
		return (
			<>
				<HelpOverlay bindings={dashboardKeys} context={context} columns={columns} rows={rows - HEADER_ROWS - messageRows - 1}/>
				{messages}
			</>
		);
	}

	const samplePath = <SamplePath context={context} runFolder={runFolder} columns={columns}/>;
	if (state.mode === 'picture') {
		// Caption, scrubber, path and keys are one row each.
		return (
			<>
				<SamplePane view={view} state={state} runFolder={runFolder} pictures={pictures} area={{columns, rows: rows - HEADER_ROWS - messageRows - 4}}/>
				{samplePath}
				{messages}
			</>
		);
	}

	return (
		<>
			<Overview areas={areas} context={context} runFolder={runFolder} pictures={pictures}/>
			<MemoryGauge view={view} columns={columns} memoryTotalBytes={memoryTotalBytes}/>
			{samplePath}
			{messages}
			{areas.logRows > 0 && <LogPane view={view} columns={columns} rows={areas.logRows}/>}
		</>
	);
}

/** The chart and, where there is room, the picture beside it. */
function Overview({areas, context: {view, state}, runFolder, pictures}: {areas: DashboardLayout; context: DashboardContext; runFolder: string; pictures: PictureCache}) {
	const theme = useTheme();
	return (
		<Box height={areas.body.rows + 1}>
			<LossChart view={view} area={areas.chart} scale={state.scale}/>
			{areas.picture && (
				<>
					<Box flexDirection="column" width={SEPARATOR_COLUMNS} height={areas.body.rows + 1}>
						<Text {...theme.dim}>{Array.from({length: areas.body.rows + 1}, () => ` ${theme.glyphs.vertical}`).join('\n')}</Text>
					</Box>
					<SamplePane view={view} state={state} runFolder={runFolder} pictures={pictures} area={areas.picture}/>
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
	return <Text wrap="truncate-end"><Text {...theme.dim}>sample </Text>{file}</Text>;
}

function useClock(): number {
	const [nowMs, setNowMs] = useState(() => Date.now());
	useEffect(() => {
		const timer = setInterval(() => setNowMs(Date.now()), CLOCK_MS);
		return () => clearInterval(timer);
	}, []);
	return nowMs;
}
