import {Text} from 'ink';
import {useCallback, useEffect, useState} from 'react';
import type {Hardware, PresetStore, TrainingConfig} from '../presets/index.ts';
import {Home} from './home.tsx';
import type {Notice} from './page.tsx';
import {PresetsRoom} from './presets/index.ts';
import {RunsRoom} from './runs/index.ts';
import {useSize, type PictureCache} from './term/index.ts';
import {firstAnswers, Wizard, type Answers, type StepKey} from './wizard/index.ts';

/** What a person left the app for. */
export type Leaving =
	| {readonly type: 'compare'; readonly runFolders: readonly [string, string]}
	| {readonly type: 'watch'; readonly runFolder: string; readonly isNew: boolean}
	| {readonly type: 'quit'};

export interface AppProps {
	/** The machine is looked at while the first page shows already. */
	readonly hardware: Promise<Hardware>;
	readonly store: PresetStore;
	readonly pictures: PictureCache;
	/** What the person should know before any run starts. */
	readonly warnings: readonly string[];
	/** Resolves with the folder of the run; rejects with what stands in its way. */
	readonly start: (config: TrainingConfig) => Promise<string>;
	/** Continues a run that has ended; rejects with what stands in its way. */
	readonly resume: (runFolder: string) => Promise<void>;
	readonly room: Room;
	readonly onLeave: (leaving: Leaving) => void;
}

/** Where one is in the app. */
export type Room =
	| {readonly name: 'home'}
	| {readonly name: 'wizard'; readonly answers: Answers; readonly firstStep?: StepKey}
	| {readonly name: 'runs'}
	| {readonly name: 'presets'};

/** All that there is outside of a run. */
export function App({hardware: detected, store, pictures, warnings, start, resume, room: firstRoom, onLeave}: AppProps) {
	const area = useSize();
	const [hardware, setHardware] = useState<Hardware>();
	useEffect(() => {
		void detected.then(setHardware);
	}, [detected]);
	const [room, setRoom] = useState(firstRoom);
	const goHome = useCallback(() => setRoom({name: 'home'}), []);
	const quit = useCallback(() => onLeave({type: 'quit'}), [onLeave]);
	switch (room.name) {
		case 'home': {
			return <Home area={area} {...(hardware && {hardware})} notices={store.notices.map((text): Notice => ({text, look: 'warn'}))} onGo={setRoom} onQuit={quit}/>;
		}

		case 'wizard': {
			return !hardware ? <Text>Looking at this machine ...</Text> : (
				<Wizard
					area={area} hardware={hardware} store={store} pictures={pictures} warnings={warnings} initial={room.answers} {...(room.firstStep && {firstStep: room.firstStep})} onLeave={goHome} onQuit={quit}
					start={async config => onLeave({type: 'watch', runFolder: await start(config), isNew: true})}
				/>
			);
		}

		case 'runs': {
			const watch = (runFolder: string): void => onLeave({type: 'watch', runFolder, isNew: false});
			return (
				<RunsRoom
					area={area} onWatch={watch} onCompare={runFolders => onLeave({type: 'compare', runFolders})} onLeave={goHome} onQuit={quit}
					onResume={async runFolder => {
						await resume(runFolder);
						watch(runFolder);
					}}
					onAgain={(name, config) => setRoom({name: 'wizard', answers: firstAnswers({preset: {name, config}}), firstStep: 'review'})}
				/>
			);
		}

		case 'presets': {
			return (
				<PresetsRoom
					area={area} store={store} onLeave={goHome} onQuit={quit}
					onLoad={({name, config}) => setRoom({name: 'wizard', answers: firstAnswers({preset: {name, config}}), firstStep: config.concepts[0]?.instanceImages && config.baseModel !== '' ? 'review' : 'images'})}
				/>
			);
		}
	}
}
