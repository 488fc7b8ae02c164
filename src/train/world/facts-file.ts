import {open} from 'node:fs/promises';
import {DataError} from '../data/index.ts';
import type {Scene} from './scene.ts';

/** `{"image": …, "caption": …, "class": …}` and an end of line. @param image path of the picture, from the folder of all */
export const factsLine = (image: string, {caption, facts}: Scene): string => `${JSON.stringify({image, caption, ...facts})}\n`;

const BEGINNING = '{"image":"';

/** Makes sure that nothing but facts is replaced. @throws DataError */
export async function requireOwnFacts(file: string): Promise<void> {
	try {
		const handle = await open(file, 'r');
		try {
			const {buffer, bytesRead} = await handle.read(Buffer.alloc(BEGINNING.length), 0, BEGINNING.length, 0);
			if (buffer.toString('latin1', 0, bytesRead) === BEGINNING) return;
		} finally {
			await handle.close();
		}
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
		throw error;
	}
	throw new DataError(`${file} exists already and is something else than facts about pictures.`, {action: 'Give --facts another name.'});
}
