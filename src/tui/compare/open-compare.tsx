import {readRun} from '../../train/protocol/index.ts';
import {openRunStore} from '../run/index.ts';
import {showOnScreen, type Terminal} from '../show-on-screen.tsx';
import {PictureCache} from '../term/index.ts';
import {Compare, type ComparedRun} from './compare.tsx';

/**
 * Shows two runs side by side until the person leaves.
 * @throws RunNotFoundError when a folder holds no run
 */
export async function openCompare({runFolders: [one, other], ...terminal}: Terminal & {runFolders: readonly [string, string]}): Promise<void> {
	const runs = [openRun(one), openRun(other)] as const;
	try {
		await Promise.all(runs.map(async ({store}) => store.whenRead));
		await showOnScreen<undefined>((screen, finish) => (
			<Compare runs={runs} pictures={new PictureCache(screen.images, terminal.capabilities)} onLeave={() => finish(undefined)}/>
		), terminal);
	} finally {
		for (const {store} of runs) {
			store.close();
		}
	}
}

function openRun(runFolder: string): ComparedRun {
	const {folder, record: {name, config}} = readRun(runFolder);
	return {store: openRunStore({runFolder: folder}), title: name, runFolder: folder, config};
}
