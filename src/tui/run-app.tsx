import {detectHardware, PresetStore, type TrainingConfig} from '../presets/index.ts';
import {runsFolder} from '../train/protocol/index.ts';
import {App, type Leaving, type Room} from './app.tsx';
import {openCompare} from './compare/index.ts';
import {openDashboard} from './dashboard/index.ts';
import {showOnScreen, type Terminal} from './show-on-screen.tsx';
import {PictureCache} from './term/index.ts';

export interface AppOptions extends Terminal {
	/** Checks the config, starts its run in the background and resolves with its folder. Must not write to the terminal. */
	readonly start: (config: TrainingConfig) => Promise<string>;
	/** Continues a run that has ended, in the background. Must not write to the terminal. */
	readonly resume: (runFolder: string) => Promise<void>;
	/** What the person should know before any run starts. */
	readonly warnings?: readonly string[];
	readonly store?: PresetStore;
}

/** The app, until the person leaves it. Resolves with the folder of the run that goes on without this window, if they left one. */
export async function runApp({start, resume, warnings = [], store = new PresetStore(), ...terminal}: AppOptions): Promise<{readonly detachedFrom?: string}> {
	// The first page does not wait for it.
	const hardware = detectHardware({folder: runsFolder()});
	// What is wrong with the file of the presets shows when it is read.
	store.list();
	let room: Room = {name: 'home'};
	for (;;) {
		const first = room;
		const leaving = await showOnScreen<Leaving>(
			(screen, finish) => <App pictures={new PictureCache(screen.images, terminal.capabilities)} hardware={hardware} store={store} warnings={warnings} start={start} resume={resume} room={first} onLeave={finish}/>,
			terminal,
		);
		if (leaving?.type === 'compare') {
			await openCompare({runFolders: leaving.runFolders, ...terminal});
			room = {name: 'runs'};
			continue;
		}

		if (leaving?.type !== 'watch') {
			return {};
		}

		if (await openDashboard({runFolder: leaving.runFolder, ...terminal}) === 'detached') {
			return {detachedFrom: leaving.runFolder};
		}

		room = leaving.isNew ? {name: 'home'} : {name: 'runs'};
	}
}
