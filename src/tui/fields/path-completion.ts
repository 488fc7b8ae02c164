import fs from 'node:fs';
import path from 'node:path';
import {absolutePath} from '../../presets/index.ts';

/** The names of the folders in a folder; none when it cannot be read. */
export type ListFolders = (folder: string) => readonly string[];

export const listFolders: ListFolders = folder => {
	try {
		return fs.readdirSync(folder, {withFileTypes: true})
			.filter(entry => entry.isDirectory() || (entry.isSymbolicLink() && isFolder(path.join(folder, entry.name))))
			.map(({name}) => name)
			.sort();
	} catch {
		return [];
	}
};

export const isFolder = (file: string): boolean => {
	try {
		return fs.statSync(file).isDirectory();
	} catch {
		return false;
	}
};

/** Folders that a typed path may become, written as it is written (`~/pho` -> `~/photos/`). Hidden folders only when a dot was typed. */
export function completions(typed: string, list: ListFolders = listFolders): readonly string[] {
	if (typed === '~') {
		return ['~/'];
	}

	const cut = typed.lastIndexOf('/') + 1;
	const parent = typed.slice(0, cut);
	const begin = typed.slice(cut);
	return list(absolutePath(parent === '' ? '.' : parent))
		.filter(name => name.startsWith(begin) && (begin.startsWith('.') || !name.startsWith('.')))
		.map(name => `${parent}${name}/`);
}

/** The longest text that all begin with. */
export function commonBeginning(texts: readonly string[]): string {
	const [first = '', ...others] = texts;
	let length = first.length;
	for (const other of others) {
		while (!other.startsWith(first.slice(0, length))) {
			length--;
		}
	}

	return first.slice(0, length);
}
