import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

/** The folder of this program's own package.json, from wherever in it this code runs. */
export function packageRoot(): string {
	let folder = path.dirname(fileURLToPath(import.meta.url));
	while (!isOurPackage(folder)) {
		const parent = path.dirname(folder);
		if (parent === folder) {
			throw new Error('The package.json of dreambooth-tui is missing above its own code.');
		}

		folder = parent;
	}

	return folder;
}

function isOurPackage(folder: string): boolean {
	try {
		return (JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')) as {name?: string}).name === 'dreambooth-tui';
	} catch {
		return false;
	}
}
