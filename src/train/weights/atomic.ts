import {randomUUID} from 'node:crypto';
import {open, rename, rm, type FileHandle} from 'node:fs/promises';
import path from 'node:path';
import {explainFileErrors} from './errors.ts';

/** A name beside `target` that nothing else uses; hidden, so that a half-written file is never taken for a result. */
export const stagingPath = (target: string): string => path.join(path.dirname(target), `.${path.basename(target)}.${randomUUID()}.part`);

/** Makes a rename or a new name in `folder` survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
	const handle = await open(folder, 'r');
	try {
		await handle.sync();
	} finally {
		await handle.close();
	}
}

/**
 * Writes `file` so that it is there completely or not at all, also after a power cut: a temporary file in the same
 * folder, fsync, rename, fsync of the folder. An existing file is replaced.
 * @param write fills the temporary file
 * @param verify looks at the finished temporary file; when it throws, nothing is replaced
 */
export async function atomicWrite(file: string, write: (handle: FileHandle) => Promise<void>, verify?: (staged: string) => Promise<void>): Promise<void> {
	const staged = stagingPath(file);
	await explainFileErrors(`write ${file}`, async () => {
		try {
			const handle = await open(staged, 'wx');
			try {
				await write(handle);
				await handle.sync();
			} finally {
				await handle.close();
			}
			await verify?.(staged);
			await rename(staged, file);
		} catch (error) {
			await rm(staged, {force: true});
			throw error;
		}
		await syncFolder(path.dirname(file));
	});
}

/** Like fs.writeFile, but the file is there completely or not at all. @throws WeightsError (disk full, no permission ...) */
export async function atomicWriteFile(file: string, contents: string | Uint8Array): Promise<void> {
	await atomicWrite(file, handle => handle.writeFile(contents));
}
