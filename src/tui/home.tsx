import {Box, Text} from 'ink';
import {useMemo, useState} from 'react';
import {isHeld, listRuns} from '../train/protocol/index.ts';
import type {Room} from './app.tsx';
import {useKeys, type KeyBinding} from './keys.ts';
import {listKeys, type ListContext} from './list.tsx';
import {Menu, type MenuItem} from './menu.tsx';
import {Page, wrapText, type Area, type Notice} from './page.tsx';
import {useTheme} from './theme.ts';

type HomeKey = 'demo' | 'new' | 'runs' | 'presets' | 'quit';

interface HomeContext extends ListContext {
	readonly choose: (index: number) => void;
	readonly quit: () => void;
}

const homeKeys: readonly KeyBinding<HomeContext>[] = [
	{keys: ['enter', 'right', 'space'], label: 'open', help: 'Opens what is under the cursor.', run: ({choose, cursor}) => choose(cursor)},
	{keys: ['tab'], label: '', help: 'The row below.', run: ({moveTo, cursor, count}) => moveTo((cursor + 1) % count)},
	...Array.from({length: 5}, (_, index): KeyBinding<HomeContext> => ({keys: [String(index + 1)], label: '', help: 'Opens it.', run: ({choose}) => choose(index)})),
	...listKeys,
	{keys: ['q', 'esc', 'ctrl+c'], label: 'quit', help: 'Leaves; runs go on.', run: ({quit}) => quit()},
];

/** What the first page says besides its choices. */
export interface About {
	/** In lines. */
	readonly machine: readonly string[];
	/** What the machine means for training, in whole sentences. */
	readonly where: string;
	readonly notices: readonly Notice[];
}

const looking: About = {machine: ['Looking at this machine ...'], where: '', notices: []};

/** The first page. It loads nothing of what is behind it. */
export function Home({area, about = looking, onGo, onQuit}: {area: Area; about?: About; onGo: (room: Room) => void; onQuit: () => void}) {
	const theme = useTheme();
	const [cursor, setCursor] = useState(0);
	const items = useMemo(() => homeItems(), []);
	const context: HomeContext = {
		cursor, count: items.length, page: items.length, moveTo: setCursor, quit: onQuit,
		choose(index) {
			const room = roomOf(items[index]!.key);
			if (room) {
				onGo(room);
			} else {
				onQuit();
			}
		},
	};
	useKeys(homeKeys, context);
	return (
		<Page title="dreambooth" place="teach Stable Diffusion a new subject" area={area} notices={about.notices} bindings={homeKeys} context={context}>
			{({columns}) => (
				<>
					<Menu items={items} cursor={cursor} columns={columns}/>
					<Box marginTop={1} flexDirection="column">
						<Text wrap="wrap">{about.where}</Text>
						{about.machine.flatMap(line => setIn(line, columns)).map((line, index) => <Text key={index} {...theme.dim}>{line}</Text>)}
					</Box>
				</>
			)}
		</Page>
	);
}

/** The label at the beginning of each line about the machine. */
const LABEL_COLUMNS = 8;

/** A line in rows of at most `columns`, those after the first beside its label. */
const setIn = (line: string, columns: number): readonly string[] =>
	wrapText(line.slice(LABEL_COLUMNS), columns - LABEL_COLUMNS).map((row, index) => (index === 0 ? line.slice(0, LABEL_COLUMNS) : ' '.repeat(LABEL_COLUMNS)) + row);

function roomOf(key: HomeKey): Room | undefined {
	switch (key) {
		case 'demo': {
			return {name: 'new run', subject: 'demo', firstStep: 'start'};
		}

		case 'new': {
			return {name: 'new run', subject: 'person'};
		}

		case 'quit': {
			return undefined;
		}

		default: {
			return {name: key};
		}
	}
}

function homeItems(): readonly MenuItem<HomeKey>[] {
	const runs = listRuns();
	const live = runs.filter(isHeld).length;
	return [
		{key: 'demo', label: 'Try it: teach the demo model a new toy', help: 'Model and photos come with this program. Real training, about two minutes on two cores; nothing is downloaded.'},
		{key: 'new', label: 'New run', help: 'Teach a person, an animal, an object or a style from your own photos, step by step.'},
		{key: 'runs', label: `Runs (${runs.length}${live > 0 ? `, ${live} at work` : ''})`, help: 'Watch a run, live or ended, from its first step on; see why one failed.'},
		{key: 'presets', label: 'Presets', help: 'Start from values that were kept; rename, copy and remove them.'},
		{key: 'quit', label: 'Quit', help: 'Runs go on without this window.'},
	];
}
