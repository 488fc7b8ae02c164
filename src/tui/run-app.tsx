import type {TrainingConfig} from '../presets/index.ts';
import {App, type Leaving, type Room} from './app.tsx';
import type {OpenRooms} from './rooms.tsx';
import {showOnScreen, type Terminal} from './show-on-screen.tsx';
import {PictureCache} from './term/index.ts';

export interface AppOptions extends Terminal {
	/** Checks the config, starts its run in the background and resolves with its folder. Must not write to the terminal. */
	readonly start: (config: TrainingConfig) => Promise<string>;
	/** Continues a run that has ended, in the background. Must not write to the terminal. */
	readonly resume: (runFolder: string) => Promise<void>;
	/** What has to be known before the first plan; it runs once the first page shows. */
	readonly beforePlans?: () => Promise<void>;
	/** What the person should know before any run starts. */
	readonly warnings?: readonly string[];
}

/**
 * The app, until the person leaves it. Resolves with the folder of the run that goes on without this window, if they left one.
 * @throws PresetError when the presets cannot be read
 */
export async function runApp({start, resume, beforePlans, warnings = [], ...terminal}: AppOptions): Promise<{readonly detachedFrom?: string}> {
	let rooms: Promise<OpenRooms> | undefined;
	// The machine is looked at once, and what is behind the first page is loaded once it shows.
	const openRooms = async (): Promise<OpenRooms> => {
		rooms ??= Promise.all([import('./rooms.tsx'), beforePlans?.()]).then(async ([{openRooms}]) => openRooms());
		return rooms;
	};

	let room: Room = {name: 'home'};
	for (;;) {
		const first = room;
		const leaving = await showOnScreen<Leaving>(
			(screen, finish) => (
				<App
					openRooms={openRooms} pictures={new PictureCache(screen.images, terminal.capabilities)} warnings={warnings} start={start} resume={resume} room={first} onLeave={finish}
				/>
			),
			terminal,
		);
		switch (leaving?.type) {
			case 'compare': {
				const {openCompare} = await import('./compare/index.ts');
				await openCompare({runFolders: leaving.runFolders, ...terminal});
				room = {name: 'runs'};
				break;
			}

			case 'watch': {
				const {openDashboard} = await import('./dashboard/index.ts');
				if (await openDashboard({runFolder: leaving.runFolder, ...terminal}) === 'detached') {
					return {detachedFrom: leaving.runFolder};
				}

				room = leaving.isNew ? {name: 'home'} : {name: 'runs'};
				break;
			}

			case 'failed': {
				throw leaving.error;
			}

			default: {
				return {};
			}
		}
	}
}
