import {existsSync} from 'node:fs';
import os from 'node:os';
import {Worker} from 'node:worker_threads';
import {programFile} from '../launch.ts';
import {drawPictures, type Drawing, type DrawnPictures} from './draw-pictures.ts';

/** From so many pictures on, other threads draw them: each takes a tenth of a second to begin. */
const WORTH_A_THREAD = 250;

/** Draws pictures with all cores. Where the program is not built, and for a few, this thread does it. */
export async function drawInThreads(drawing: Drawing, tell: (drawn: DrawnPictures) => void): Promise<void> {
	const {indexes} = drawing;
	const program = programFile('world');
	const count = Math.min(os.availableParallelism(), Math.floor(indexes.length / WORTH_A_THREAD));
	if (count < 2 || !existsSync(program)) {
		await drawPictures(drawing, tell);
		return;
	}
	const share = Math.ceil(indexes.length / count);
	const threads: Worker[] = [];
	try {
		await Promise.all(Array.from({length: count}, async (_, i) => {
			const thread = new Worker(program, {workerData: {...drawing, indexes: indexes.slice(i * share, (i + 1) * share)} satisfies Drawing});
			threads.push(thread);
			thread.on('message', tell);
			await new Promise<void>((resolve, reject) => {
				thread.once('error', reject).once('exit', () => resolve());
			});
		}));
	} finally {
		// Of those that are left when one has failed.
		await Promise.all(threads.map(async thread => thread.terminate()));
	}
}
