import {describeHardware, detectHardware, PresetStore, recommendConfig, type Hardware, type TrainingConfig} from '../presets/index.ts';
import {runsFolder} from '../train/protocol/index.ts';
import type {AppProps, Room} from './app.tsx';
import type {About} from './home.tsx';
import type {Area} from './page.tsx';
import {PresetsRoom} from './presets/index.ts';
import {RunsRoom} from './runs/index.ts';
import {firstAnswers, Wizard} from './wizard/index.ts';

/** What is behind the first page, which shows before any of it is loaded. */
export interface OpenRooms {
	readonly Rooms: typeof Rooms;
	readonly hardware: Hardware;
	readonly store: PresetStore;
	/** For the first page. */
	readonly about: About;
}

/** Looks at the machine and reads the presets. @throws PresetError */
export async function openRooms({hardware, store = new PresetStore()}: {hardware?: Hardware; store?: PresetStore} = {}): Promise<OpenRooms> {
	const machine = hardware ?? await detectHardware({folder: runsFolder()});
	// What is wrong with the file of the presets shows when it is read.
	store.list();
	const where = recommendConfig(machine, {baseModel: 'demo'}).reasons.find(({key}) => key === 'device')?.reason;
	return {Rooms, hardware: machine, store, about: {machine: describeHardware(machine).split('\n'), where: where ?? '', notices: store.notices.map(text => ({text, look: 'warn'}))}};
}

export interface RoomsProps extends Omit<AppProps, 'openRooms' | 'room'>, OpenRooms {
	readonly area: Area;
	readonly room: Exclude<Room, {readonly name: 'home'}>;
	readonly onGo: (room: Room) => void;
	readonly onHome: () => void;
	readonly onQuit: () => void;
}

/** The room one is in. */
export function Rooms({area, room, hardware, store, pictures, warnings, start, resume, onGo, onHome, onQuit, onLeave}: RoomsProps) {
	const watch = (runFolder: string, {isNew}: {isNew: boolean}): void => onLeave({type: 'watch', runFolder, isNew});
	const begin = (name: string, config: TrainingConfig): void => {
		const isComplete = config.baseModel !== '' && Boolean(config.concepts[0]?.instanceImages);
		onGo({name: 'wizard', answers: firstAnswers({preset: {name, config}}), firstStep: isComplete ? 'review' : 'images'});
	};

	switch (room.name) {
		case 'new run':
		case 'wizard': {
			return (
				<Wizard
					area={area} hardware={hardware} store={store} pictures={pictures} warnings={warnings} onLeave={onHome} onQuit={onQuit}
					initial={room.name === 'wizard' ? room.answers : firstAnswers({subject: room.subject})} {...(room.firstStep && {firstStep: room.firstStep})}
					start={async config => watch(await start(config), {isNew: true})}
				/>
			);
		}

		case 'runs': {
			return (
				<RunsRoom
					area={area} onWatch={runFolder => watch(runFolder, {isNew: false})} onCompare={runFolders => onLeave({type: 'compare', runFolders})} onAgain={begin} onLeave={onHome} onQuit={onQuit}
					onResume={async runFolder => {
						await resume(runFolder);
						watch(runFolder, {isNew: false});
					}}
				/>
			);
		}

		case 'presets': {
			return <PresetsRoom area={area} store={store} onLoad={({name, config}) => begin(name, config)} onLeave={onHome} onQuit={onQuit}/>;
		}
	}
}
