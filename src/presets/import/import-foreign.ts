import fs from 'node:fs';
import {defaultConfig, type TrainingConfig} from '../config.ts';
import {readValues} from '../parse.ts';
import {importCommandLine, looksLikeCommandLine} from './command-line.ts';
import {importExtensionConfig, looksLikeExtensionConfig} from './extension-config.ts';
import type {ImportNote} from './import-note.ts';

/**
 * The config of another program: a `db_config.json` of the A1111 DreamBooth extension, or a command line of diffusers' scripts,
 * in a file or pasted. Undefined for anything else, such as a config of ours.
 */
export function importForeign(source: string): {readonly config: TrainingConfig; readonly notes: readonly ImportNote[]} | undefined {
	const text = looksLikeCommandLine(source) || !fs.existsSync(source) ? source : fs.readFileSync(source, 'utf8');
	const imported = looksLikeCommandLine(text) ? importCommandLine(text) : fromJson(text);
	if (!imported) {
		return undefined;
	}

	const {values, problems} = readValues({...defaultConfig(), ...imported.values});
	const wrong = problems.map(({key, message, cure}): ImportNote => ({key, what: 'refused', message: `${message} ${cure}`}));
	return values && {config: values, notes: [...imported.notes, ...wrong]};
}

function fromJson(text: string) {
	try {
		const json: unknown = JSON.parse(text);
		return looksLikeExtensionConfig(json) ? importExtensionConfig(json) : undefined;
	} catch {
		return undefined;
	}
}
