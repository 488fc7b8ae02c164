import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

/** An absolute path; ~ is the home folder. */
export const absolutePath = (given: string, folder: string = process.cwd()): string =>
	given === '~' || given.startsWith('~/') ? path.join(os.homedir(), given.slice(1)) : path.resolve(folder, given);

/** The folder of this package: the first one upwards, from sources or from a bundle, whose package.json is ours. */
export const packageFolder = (): string => {
	let folder = path.dirname(fileURLToPath(import.meta.url));
	for (;;) {
		const file = path.join(folder, 'package.json');
		if (fs.existsSync(file) && (JSON.parse(fs.readFileSync(file, 'utf8')) as {name?: unknown}).name === 'dreambooth-tui') {
			return folder;
		}

		const parent = path.dirname(folder);
		if (parent === folder) {
			throw new Error('The package folder of dreambooth-tui was not found above the program. Install it again.');
		}

		folder = parent;
	}
};

/** A file or folder that comes with the program. */
export const asset = (...names: readonly string[]): string => path.join(packageFolder(), 'assets', ...names);

/** What the file system's refusal means, to complete "The folder x ...". */
export const faultOf = (error: unknown): string => {
	switch ((error as NodeJS.ErrnoException).code) {
		case 'ENOENT': {
			return 'does not exist';
		}

		case 'ENOTDIR': {
			return 'is not a folder';
		}

		case 'EISDIR': {
			return 'is a folder, not a file';
		}

		case 'EACCES':
		case 'EPERM': {
			return 'may not be read by you';
		}

		default: {
			return `cannot be read (${error instanceof Error ? error.message : String(error)})`;
		}
	}
};
