import {Box, Text} from 'ink';
import {useState} from 'react';
import {formatProblems, PresetError, type Preset, type PresetStore, type TrainingConfig} from '../../presets/index.ts';
import {useKeys, type KeyBinding} from '../keys.ts';
import {List, listKeys, type ListContext} from '../list.tsx';
import {Page, type Area, type Notice} from '../page.tsx';
import {TextPrompt} from '../text-prompt.tsx';
import {useTheme} from '../theme.ts';

interface PresetsContext extends ListContext {
	readonly preset: Preset | undefined;
	readonly load: () => void;
	readonly ask: (what: 'rename' | 'duplicate' | 'remove') => void;
	readonly remove: () => void;
	readonly keep: () => void;
	readonly back: () => void;
	readonly quit: () => void;
}

const ofProgram = ({preset}: PresetsContext): string | undefined => preset?.shipped ? 'It comes with the program and stays as it is. Duplicate it and change the copy.' : undefined;
const damaged = ({preset}: PresetsContext): string | undefined => preset?.config ? undefined : 'It cannot be used: see what is wrong with it below the list.';

const presetsKeys: readonly KeyBinding<PresetsContext>[] = [
	{keys: ['enter', 'right'], label: 'use', help: 'Begins a run with these values; every one can be changed first.', why: damaged, run: ({load}) => load()},
	{keys: ['r'], label: 'rename', help: 'Gives it another name.', why: ofProgram, run: ({ask}) => ask('rename')},
	{keys: ['d', 'c'], label: 'duplicate', help: 'Copies it under another name.', run: ({ask}) => ask('duplicate')},
	{keys: ['x', 'backspace'], label: 'remove', help: 'Removes it; asks first.', why: ofProgram, run: ({ask}) => ask('remove')},
	...listKeys,
	{keys: ['esc', 'left', 'q'], label: 'back', help: 'The first page.', run: ({back}) => back()},
	{keys: ['ctrl+c'], label: '', help: 'Leaves.', run: ({quit}) => quit()},
];

const removalKeys: readonly KeyBinding<PresetsContext>[] = [
	{keys: ['y'], label: 'remove it', help: 'Removes the preset for good; runs keep their values.', run: ({remove}) => remove()},
	{keys: ['esc', 'n', 'ctrl+c', 'left'], label: 'keep it', help: 'Nothing is removed.', run: ({keep}) => keep()},
];

const typingKeys: readonly KeyBinding<PresetsContext>[] = [
	{keys: ['enter'], label: 'save', help: '', run() {}},
	{keys: ['esc'], label: 'give up', help: '', run() {}},
];

/** The presets: one's own by name, then those that come with the program. */
export function PresetsRoom({area, store, onLoad, onLeave, onQuit}: {
	area: Area; store: PresetStore; onLoad: (preset: {name: string; config: TrainingConfig}) => void; onLeave: () => void; onQuit: () => void;
}) {
	const theme = useTheme();
	const [presets, setPresets] = useState(() => store.list());
	const [cursor, setCursor] = useState(0);
	const [asked, setAsked] = useState<'rename' | 'duplicate' | 'remove'>();
	const [notice, setNotice] = useState<Notice>();
	const at = Math.min(cursor, presets.length - 1);
	const preset = presets[at];
	/** Changes the store and shows what came of it; the cursor follows `name`. */
	const change = (alter: () => void, done: string, name?: string): void => {
		setAsked(undefined);
		try {
			alter();
			setNotice({text: done, look: 'ok'});
			const now = store.list();
			const found = now.findIndex(each => each.name === name);
			setPresets(now);
			setCursor(found === -1 ? at : found);
		} catch (error) {
			if (!(error instanceof PresetError)) {
				throw error;
			}

			setNotice({text: error.message, look: 'bad'});
		}
	};

	const context: PresetsContext = {
		preset, cursor: at, count: presets.length, page: area.rows - 8,
		moveTo(to) {
			setNotice(undefined);
			setCursor(to);
		},
		load: () => preset?.config && onLoad({name: preset.name, config: preset.config}),
		ask: setAsked,
		remove: () => preset && change(() => store.remove(preset.name), `${preset.name} was removed.`),
		keep: () => setAsked(undefined),
		back: onLeave, quit: onQuit,
	};
	const isTyping = asked === 'rename' || asked === 'duplicate';
	const bindings = asked === 'remove' ? removalKeys : isTyping ? typingKeys : presetsKeys;
	useKeys(bindings, context, {isActive: !isTyping, refused: text => setNotice({text, look: 'warn'})});
	const question: Notice | undefined = asked === 'remove' && preset ? {text: `Remove the preset ${preset.name}? Runs keep their values.`, look: 'warn'} : undefined;
	const said = question ?? notice;
	return (
		<Page title="Presets" place={`${at + 1} of ${presets.length}`} area={area} notices={said ? [said] : []} bindings={bindings} context={context}>
			{({rows}) => (
				<>
					<Box height={rows - 4}><List items={presets} cursor={at} rows={rows - 4} keyOf={({name}) => name}>{each => <PresetRow preset={each}/>}</List></Box>
					{isTyping && preset && (
						<TextPrompt
							question={asked === 'rename' ? 'New name:' : 'Name of the copy:'} initial={asked === 'rename' ? preset.name : `${preset.name} copy`} onCancel={() => setAsked(undefined)}
							onDone={name => change(() => asked === 'rename' ? store.rename(preset.name, name) : store.duplicate(preset.name, name), `${preset.name} ${asked === 'rename' ? 'is now' : 'was copied to'} ${name}.`, name)}
						/>
					)}
					{!isTyping && preset && <Text {...(preset.problems.length > 0 ? theme.bad : theme.dim)}>{about(preset)}</Text>}
				</>
			)}
		</Page>
	);
}

function PresetRow({preset: {name, shipped, problems}}: {preset: Preset}) {
	const theme = useTheme();
	return (
		<>
			<Text>{name.padEnd(30)}</Text>
			<Text {...(problems.length > 0 ? theme.bad : theme.dim)}>{problems.length > 0 ? 'damaged' : shipped ? 'comes with dreambooth' : 'yours'}</Text>
		</>
	);
}

function about({config, description, problems}: Preset): string {
	if (!config || problems.length > 0) {
		return formatProblems(problems);
	}

	const [concept] = config.concepts;
	return description ?? `${concept?.instancePrompt ?? ''}, ${config.maxSteps > 0 ? `${config.maxSteps} steps` : `${config.epochs} epochs`} at ${config.resolution} pixels; base model ${config.baseModel === '' ? 'not chosen' : config.baseModel}`;
}
