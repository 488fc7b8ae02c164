import os from 'node:os';
import * as z from 'zod';
import {readRun, RunError, sendCommand, type Command} from '../../train/protocol/index.ts';
import {openRunStore, type Liveness} from '../run/index.ts';
import {showOnScreen, type Terminal} from '../show-on-screen.tsx';
import {PictureCache} from '../term/index.ts';
import {Dashboard, type DashboardProps} from './dashboard.tsx';

/**
 * Shows a run until the person leaves. `detached`: training goes on; `quit`: the run had ended. A closed keyboard counts as detached.
 * @throws RunNotFoundError when `runFolder` holds no run
 */
export async function openDashboard({runFolder, send = command => order(runFolder, command), liveness, ...terminal}: Terminal & {
	runFolder: string;
	send?: DashboardProps['send'];
	liveness?: () => Liveness;
}): Promise<'detached' | 'quit'> {
	const {folder, record} = readRun(runFolder);
	const conceptPrompts = conceptPromptsOf(record.config);
	const store = openRunStore({runFolder: folder, ...(liveness && {liveness})});
	try {
		await store.whenRead;
		const how = await showOnScreen<'detached' | 'quit'>((screen, finish) => (
			<Dashboard
				store={store} title={record.name} runFolder={folder} conceptPrompts={conceptPrompts} send={send} onLeave={finish}
				pictures={new PictureCache(screen.images, terminal.capabilities)} memoryTotalBytes={memoryTotalBytes()}
			/>
		), terminal);
		return how ?? 'detached';
	} finally {
		store.close();
	}
}

/** As far as the dashboard reads a config: the settings of it would take longer to load than everything else that is shown. */
const namedConcepts = z.object({concepts: z.array(z.object({instancePrompt: z.string()}))});

function conceptPromptsOf(config: unknown): readonly string[] {
	return namedConcepts.safeParse(config).data?.concepts.map(({instancePrompt}) => instancePrompt) ?? [];
}

/** A command to the run's own runner; what stands in its way is an answer too. */
async function order(runFolder: string, command: Command): Promise<{ok: boolean; message: string}> {
	try {
		return await sendCommand(runFolder, command);
	} catch (error) {
		if (error instanceof RunError) {
			return {ok: false, message: `${error.message} ${error.action}`};
		}

		throw error;
	}
}

/** Of the machine, or of the container when that has less. */
function memoryTotalBytes(): number {
	const container = process.constrainedMemory();
	return container > 0 ? Math.min(os.totalmem(), container) : os.totalmem();
}
