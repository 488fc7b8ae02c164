import {readdir, realpath, stat} from 'node:fs/promises';
import path from 'node:path';

export interface FoundFile {
	/** Absolute. */
	readonly file: string;
	/** Why it cannot be opened, when that is known already (a link to nowhere, a folder that may not be read, a pipe). */
	readonly fault?: string;
}

/**
 * Every file of a folder and its subfolders, by name within each folder (the same order on every machine). Hidden files and
 * folders, macOS's `._` files among them, are left out. Links are followed; a folder is entered once.
 * @throws what the file system says about `folder` itself.
 */
export async function filesUnder(folder: string, entered = new Set<string>()): Promise<FoundFile[]> {
	const real = await realpath(folder);
	if (entered.has(real)) return [];
	entered.add(real);
	const entries = (await readdir(folder, {withFileTypes: true})).filter(({name}) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
	const found: FoundFile[] = [];
	for (const entry of entries) {
		const file = path.join(folder, entry.name);
		try {
			// Where the folder does not say what it is: a link, or a file system that keeps no types.
			const status = entry.isFile() || entry.isDirectory() ? entry : await stat(file);
			if (status.isDirectory()) {
				for (const each of await filesUnder(file, entered)) found.push(each);
			}
			// A pipe or a device would keep its reader waiting for ever.
			else found.push(status.isFile() ? {file} : {file, fault: 'is not a file'});
		} catch (error) {
			found.push({file, fault: fileFault(error)});
		}
	}
	return found;
}

/** What a file-system error means, to follow a name: "photo.jpg: …". */
export function fileFault(error: unknown): string {
	switch ((error as NodeJS.ErrnoException).code) {
		case 'ENOENT': {
			return 'does not exist';
		}
		case 'ENOTDIR': {
			return 'is not a folder';
		}
		case 'EACCES':
		case 'EPERM': {
			return 'may not be read by you';
		}
		default: {
			return `cannot be read (${error instanceof Error ? error.message : String(error)})`;
		}
	}
}
