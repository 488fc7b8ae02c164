import {Box, Text} from 'ink';
import {useState, type ReactNode} from 'react';
import {absolutePath, defaultConcept, defaultConfig, formatProblems, type Preset, type PresetStore, type TrainingConfig} from '../../presets/index.ts';
import {differences} from '../compare/index.ts';
import {useKeys} from '../keys.ts';
import {List} from '../list.tsx';
import {Page, type Area, type Notice} from '../page.tsx';
import {sayFailure} from '../say-failure.ts';
import {TextPage} from '../text-page.tsx';
import {TextPrompt} from '../text-prompt.tsx';
import {useTheme, type Theme} from '../theme.ts';
import {presetsKeys, removalKeys, typingKeys, type PresetsContext, type Prompted} from './presets-keys.ts';

/** The presets: one's own by name, then those that come with the program. */
export function PresetsRoom({area, store, onLoad, onLeave, onQuit}: {
	area: Area; store: PresetStore; onLoad: (preset: {name: string; config: TrainingConfig}) => void; onLeave: () => void; onQuit: () => void;
}) {
	const theme = useTheme();
	const [presets, setPresets] = useState(() => store.list());
	const [cursor, setCursor] = useState(0);
	const [asked, setAsked] = useState<Prompted | 'remove'>();
	const [notice, setNotice] = useState<Notice>();
	const [markedName, setMarked] = useState<string>();
	const [comparison, setComparison] = useState<string>();
	const at = Math.min(cursor, presets.length - 1);
	const preset = presets[at];
	const marked = presets.find(({name}) => name === markedName);
	/** Changes the store and shows what came of it; the cursor goes to the preset of the name that `alter` gives. */
	const change = async (alter: () => void | Promise<string>, done: string): Promise<void> => {
		setAsked(undefined);
		try {
			const to = await alter();
			const now = store.list();
			const found = now.findIndex(({name}) => name === to);
			setPresets(now);
			setCursor(found === -1 ? at : found);
			setNotice({text: done, look: 'ok'});
		} catch (error) {
			setNotice({text: sayFailure(error), look: 'bad'});
		}
	};

	const context: PresetsContext = {
		preset, marked, cursor: at, count: presets.length, page: area.rows - 8,
		moveTo(to) {
			setNotice(undefined);
			setCursor(to);
		},
		load: () => preset?.config && onLoad({name: preset.name, config: preset.config}),
		ask(what) {
			setNotice(undefined);
			setAsked(what);
		},
		mark: () => setMarked(preset?.name === markedName ? undefined : preset?.name),
		compare: () => preset && setComparison(comparisonOf(preset, marked === preset ? undefined : marked)),
		remove: () => preset && void change(() => store.remove(preset.name), `${preset.name} was removed.`),
		keep: () => setAsked(undefined),
		back: onLeave, quit: onQuit,
	};
	const prompted = asked === 'remove' ? undefined : asked;
	const bindings = asked === 'remove' ? removalKeys : prompted ? typingKeys : presetsKeys;
	useKeys(bindings, context, {isActive: !prompted && comparison === undefined, refused: text => setNotice({text, look: 'warn'})});
	if (comparison !== undefined) {
		return <TextPage title="What differs" text={comparison} area={area} onClose={() => setComparison(undefined)}/>;
	}

	const question: Notice | undefined = asked === 'remove' && preset ? {text: `Remove the preset ${preset.name}? Runs keep their values.`, look: 'warn'} : undefined;
	const said = question ?? notice;
	return (
		<Page title="Presets" place={`${at + 1} of ${presets.length}`} area={area} notices={said ? [said] : []} bindings={bindings} context={context}>
			{({columns, rows}) => (
				<>
					<Box height={rows - 4}><List items={presets} cursor={at} columns={columns} rows={rows - 4} keyOf={({name}) => name}>{each => presetText(each, theme, {isMarked: each.name === markedName})}</List></Box>
					{preset && (prompted
						? <PresetPrompt key={prompted} asked={prompted} preset={preset} store={store} columns={columns} change={change} onCancel={() => setAsked(undefined)}/>
						: <AboutPreset preset={preset}/>)}
				</>
			)}
		</Page>
	);
}

/** Resolves with the name that the cursor goes to: the typed one when left out. */
type Alteration = (text: string) => void | Promise<string>;

/** The line of text that a change needs. */
function PresetPrompt({asked, preset: {name}, store, columns, change, onCancel}: {
	asked: Prompted; preset: Preset; store: PresetStore; columns: number; change: (alter: () => Promise<string>, done: string) => Promise<void>; onCancel: () => void;
}) {
	const asks: Readonly<Record<Prompted, {readonly question: string; readonly initial: string; readonly take: Alteration; readonly done: (text: string) => string}>> = {
		rename: {question: 'New name:', initial: name, take: text => store.rename(name, text), done: text => `${name} is now ${text}.`},
		duplicate: {question: 'Name of the copy:', initial: `${name} copy`, take: text => store.duplicate(name, text), done: text => `${name} was copied to ${text}.`},
		export: {
			question: 'Write to:', initial: absolutePath(`${name}.json`), done: text => `${name} is in ${absolutePath(text)}.`,
			async take(text) {
				await store.exportTo(name, absolutePath(text));
				return name;
			},
		},
		import: {question: 'Config file:', initial: '', take: async text => (await store.importFrom(absolutePath(text))).name, done: text => `The preset in ${absolutePath(text)} is kept.`},
	};
	const {question, initial, take, done} = asks[asked];
	return <TextPrompt question={question} initial={initial} columns={columns} onCancel={onCancel} onDone={text => void change(async () => await take(text) ?? text, done(text))}/>;
}

function presetText({name, shipped, problems}: Preset, theme: Theme, {isMarked}: {isMarked: boolean}): ReactNode {
	return (
		<>
			<Text {...theme.accent}>{isMarked ? '* ' : '  '}</Text>
			<Text>{name.padEnd(30)}</Text>
			<Text {...(problems.length > 0 ? theme.bad : theme.dim)}>{problems.length > 0 ? 'damaged' : shipped ? 'comes with dreambooth' : 'yours'}</Text>
		</>
	);
}

function AboutPreset({preset: {config, description, problems}}: {preset: Preset}) {
	const theme = useTheme();
	if (!config || problems.length > 0) {
		return <Text {...theme.bad}>{formatProblems(problems)}</Text>;
	}

	const length = config.maxSteps > 0 ? `${config.maxSteps} steps` : `${config.epochs} epochs`;
	return <Text {...theme.dim}>{description ?? `${config.concepts[0]?.instancePrompt ?? ''}, ${length} at ${config.resolution} pixels; base model ${config.baseModel === '' ? 'not chosen' : config.baseModel}`}</Text>;
}

/** What differs between a preset and another one, or the defaults, as a text to read. */
function comparisonOf({name, config}: Preset, other: Preset | undefined): string {
	const otherConfig = other?.config ?? {...defaultConfig(), concepts: [defaultConcept()]};
	const differing = differences(config, otherConfig);
	const heading = `${name}, and ${other ? other.name : 'the defaults'}:`;
	return differing.length === 0 ? `${heading}\n\nNothing differs.` : [heading, '', ...differing.flatMap(({key, values: [here, there]}) => [key, `  ${here ?? 'not set'}`, `  ${there ?? 'not set'}`])].join('\n');
}
