import {Box, Text} from 'ink';
import os from 'node:os';
import path from 'node:path';
import {useEffect, useMemo, useState, type ReactNode} from 'react';
import {formatProblems, parseConfig, type TrainingConfig} from '../../presets/index.ts';
import {runsFolder, type Run} from '../../train/protocol/index.ts';
import {useKeys} from '../keys.ts';
import {List} from '../list.tsx';
import {Page, wrapText, type Area, type Notice} from '../page.tsx';
import {sayFailure} from '../say-failure.ts';
import {useTheme, type Look, type Theme} from '../theme.ts';
import {fitPath, formatLoss, formatSpan} from '../units.ts';
import {removeRun, RunList, type ListedRun} from './run-list.ts';
import {removalKeys, runsKeys, type RunsContext} from './runs-keys.ts';

/** Runs that others start or that end show within this time. */
const LOOK_EVERY_MS = 2000;
/** Below the list: what is to be said of the run under the cursor. */
const ABOUT_ROWS = 6;

export interface RunsRoomProps {
	readonly area: Area;
	readonly onWatch: (runFolder: string) => void;
	readonly onCompare: (runFolders: readonly [string, string]) => void;
	/** Continues a run that has ended and shows it; rejects with what stands in its way. */
	readonly onResume: (runFolder: string) => Promise<void>;
	/** A new run with the values of one. */
	readonly onAgain: (name: string, config: TrainingConfig) => void;
	readonly onLeave: () => void;
	readonly onQuit: () => void;
}

/** The runs, the newest first. */
export function RunsRoom({area, onWatch, onCompare, onResume, onAgain, onLeave, onQuit}: RunsRoomProps) {
	const theme = useTheme();
	const {runs, nowMs, look} = useRuns();
	const [cursor, setCursor] = useState(0);
	const [isAsking, setIsAsking] = useState(false);
	const [notice, setNotice] = useState<Notice>();
	const [markedFolder, setMarked] = useState<string>();
	const marked = runs.find(({run}) => run.folder === markedFolder);
	const at = Math.max(0, Math.min(cursor, runs.length - 1));
	const listed = runs[at];
	const remove = async (): Promise<void> => {
		setIsAsking(false);
		if (listed) {
			try {
				await removeRun(listed.run);
				setNotice({text: `${listed.run.record.id} was removed.`, look: 'ok'});
			} catch (error) {
				setNotice({text: `It could not be removed: ${sayFailure(error)}`, look: 'bad'});
			}

			look();
		}
	};

	const resume = async (runFolder: string): Promise<void> => {
		setNotice({text: 'Resuming the run ...', look: 'dim'});
		try {
			await onResume(runFolder);
		} catch (error) {
			setNotice({text: sayFailure(error, 'dreambooth doctor says what is missing.'), look: 'bad'});
		}
	};

	const again = ({record: {name, config: recorded}}: Run): void => {
		const {config, problems} = parseConfig(recorded);
		if (config) {
			onAgain(name, config);
		} else {
			setNotice({text: `Its values are not those of this version: ${formatProblems(problems)}`, look: 'bad'});
		}
	};

	const context: RunsContext = {
		marked,
		resume: () => listed && void resume(listed.run.folder),
		again: () => listed && again(listed.run),
		mark: () => setMarked(listed?.run.folder === markedFolder ? undefined : listed?.run.folder),
		compare: () => listed && marked && onCompare([marked.run.folder, listed.run.folder]),
		listed, cursor: at, count: runs.length, page: area.rows - ABOUT_ROWS - 4,
		moveTo(to) {
			setNotice(undefined);
			setCursor(to);
		},
		watch: () => listed && onWatch(listed.run.folder),
		askRemoval: () => setIsAsking(true),
		remove: () => void remove(),
		keep: () => setIsAsking(false),
		back: onLeave, quit: onQuit,
	};
	const bindings = isAsking ? removalKeys : runsKeys;
	useKeys(bindings, context, {refused: text => setNotice({text, look: 'warn'})});
	const question: Notice | undefined = isAsking && listed ? {text: `Remove ${listed.run.record.id} with its checkpoints, samples and output?`, look: 'warn'} : undefined;
	const said = question ?? notice;
	return (
		<Page title="Runs" place={runs.length === 0 ? '' : `${at + 1} of ${runs.length}`} area={area} notices={said ? [said] : []} bindings={bindings} context={context}>
			{({columns, rows}) => runs.length === 0 ? <NoRuns columns={columns}/> : (
				<>
					<Box height={rows - ABOUT_ROWS}>
						<List items={runs} cursor={at} columns={columns} rows={rows - ABOUT_ROWS} keyOf={({run}) => run.record.id}>{each => runText(each, theme, {nowMs, isMarked: each.run.folder === markedFolder})}</List>
					</Box>
					{listed && <AboutRun {...listed} columns={columns} rows={ABOUT_ROWS}/>}
				</>
			)}
		</Page>
	);
}

function useRuns(): {readonly runs: readonly ListedRun[]; readonly nowMs: number; readonly look: () => void} {
	const list = useMemo(() => new RunList(), []);
	const [seen, setSeen] = useState(() => ({runs: list.read(), nowMs: Date.now()}));
	const look = useMemo(() => () => setSeen({runs: list.read(), nowMs: Date.now()}), [list]);
	useEffect(() => {
		const timer = setInterval(look, LOOK_EVERY_MS);
		return () => clearInterval(timer);
	}, [look]);
	return {...seen, look};
}

function NoRuns({columns}: {columns: number}) {
	const theme = useTheme();
	return <Text {...theme.dim}>There is no run yet in {fitPath(runsFolder(), columns - 26, {home: os.homedir(), ellipsis: theme.glyphs.ellipsis})}.</Text>;
}

const looks = (theme: Theme): Readonly<Record<ListedRun['summary']['state'], Look>> => ({
	starting: theme.accent, running: theme.ok, paused: theme.warn, stopped: theme.warn, finished: theme.dim, failed: theme.bad, crashed: theme.bad,
});

function runText({run: {record: {name}}, summary: {state, step, totalSteps, loss, lastEventTime}}: ListedRun, theme: Theme, {nowMs, isMarked}: {nowMs: number; isMarked: boolean}): ReactNode {
	const progress = totalSteps === undefined ? `step ${step}` : `${step}/${totalSteps}`;
	return (
		<>
			<Text {...theme.accent}>{isMarked ? '* ' : '  '}</Text>
			<Text>{name.slice(0, 22).padEnd(23)}</Text>
			<Text {...looks(theme)[state]}>{state.padEnd(9)}</Text>
			<Text>{progress.padStart(12)}  {loss === undefined ? ''.padEnd(6) : formatLoss(loss)}</Text>
			<Text {...theme.dim}>  {formatSpan((nowMs - lastEventTime) / 1000)} ago</Text>
		</>
	);
}

/** Where the run is, what it made, and why it failed. */
function AboutRun({run: {folder, record: {id}}, summary: {output, message, action}, columns, rows}: ListedRun & {columns: number; rows: number}) {
	const theme = useTheme();
	const path_ = (file: string): string => fitPath(file, columns - 8, {home: os.homedir(), ellipsis: theme.glyphs.ellipsis});
	const failure = message === undefined ? [] : wrapText(`${message} ${action ?? ''}`, columns - 8);
	return (
		<Box flexDirection="column" height={rows}>
			<Text {...theme.dim}>{theme.glyphs.horizontal.repeat(columns)}</Text>
			<Text wrap="truncate-end"><Text {...theme.dim}>run     </Text>{id}</Text>
			<Text wrap="truncate-end"><Text {...theme.dim}>{output === undefined ? 'folder  ' : 'output  '}</Text>{path_(output === undefined ? folder : path.join(folder, output))}</Text>
			{failure.slice(0, rows - 3).map((line, index) => <Text key={index} {...theme.bad} wrap="truncate-end">{index === 0 ? 'failed  ' : '        '}{line}</Text>)}
		</Box>
	);
}
