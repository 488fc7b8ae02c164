import fs from 'node:fs';
import path from 'node:path';
import {absolutePath} from '../../presets/index.ts';

/** The names in a folder that a path may go on with, folders with a slash at their end; none when it cannot be read. */
export type ListNames = (folder: string) => readonly string[];

/** Folders, and with `files` those whose names end so. */
export const listNames = (folder: string, {files}: {readonly files?: string} = {}): readonly string[] => {
	try {
		return fs.readdirSync(folder, {withFileTypes: true})
			.flatMap(entry => {
				const isDirectory = entry.isDirectory() || (entry.isSymbolicLink() && isFolder(path.join(folder, entry.name)));
				return isDirectory ? [`${entry.name}/`] : files !== undefined && entry.name.endsWith(files) ? [entry.name] : [];
			})
			.sort();
	} catch {
		return [];
	}
};

const isFolder = (file: string): boolean => {
	try {
		return fs.statSync(file).isDirectory();
	} catch {
		return false;
	}
};

/** Paths that a typed one may become, written as it is written (`~/pho` -> `~/photos/`). Hidden ones only when a dot was typed. */
export function completions(typed: string, list: ListNames = listNames): readonly string[] {
	if (typed === '~') {
		return ['~/'];
	}

	const cut = typed.lastIndexOf('/') + 1;
	const parent = typed.slice(0, cut);
	const begin = typed.slice(cut);
	return list(absolutePath(parent === '' ? '.' : parent))
		.filter(name => name.startsWith(begin) && (begin.startsWith('.') || !name.startsWith('.')))
		.map(name => `${parent}${name}`);
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
