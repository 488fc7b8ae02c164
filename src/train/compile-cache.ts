import {existsSync, readdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';

/** Compiled functions on disk beyond this are removed, the longest unused first. A step of SD 1.5 has 50 MB. */
const CACHE_BYTES = 4 * 2 ** 30;

const option = '--tf_xla_persistent_cache_directory';

/** Where TensorFlow keeps what XLA compiles; undefined: nowhere. */
const folderOf = ({TF_XLA_FLAGS: flags = ''}: NodeJS.ProcessEnv): string | undefined => new RegExp(`${option}=(\\S+)`).exec(flags)?.[1];

/** Has TensorFlow keep compiled functions in a folder, unless it does so in another. Before it is loaded. */
export function keepCompiled(folder: string, environment: NodeJS.ProcessEnv): void {
	environment.TF_XLA_FLAGS = [environment.TF_XLA_FLAGS ?? '', `${option}=${folder}`, '--tf_xla_persistent_cache_device_types=GPU'].filter(text => text !== '').join(' ');
}

export const keepsCompiled = (environment: NodeJS.ProcessEnv): boolean => folderOf(environment) !== undefined;

const SUFFIX = '.compiled';
const markOf = (name: string, environment: NodeJS.ProcessEnv): string | undefined => {
	const folder = folderOf(environment);
	return folder === undefined ? undefined : path.join(folder, `${name}${SUFFIX}`);
};

/** Whether a function was compiled before on this machine, and is kept. By the name that `compile` gives it. */
export const wasCompiled = (name: string, environment: NodeJS.ProcessEnv = process.env): boolean => existsSync(markOf(name, environment) ?? '');

/** After a function's first call. TensorFlow's own files are named by numbers that nobody else knows. */
export function noteCompiled(name: string, environment: NodeJS.ProcessEnv = process.env): void {
	try {
		const mark = markOf(name, environment);
		if (mark !== undefined) writeFileSync(mark, '');
	} catch {
		// Then it is taken for new the next time too.
	}
}

/**
 * Removes the files of a cache that were not used for the longest time, until the rest has at most `most` bytes. Where functions are removed,
 * nobody knows whose they were: the others are taken for new until they are used.
 */
export function pruneCache(folder: string, most = CACHE_BYTES): void {
	const files = readdirSync(folder, {recursive: true, withFileTypes: true})
		.filter(entry => entry.isFile())
		.map(entry => path.join(entry.parentPath, entry.name))
		.map(file => ({file, stat: statSync(file, {throwIfNoEntry: false})}))
		.flatMap(({file, stat}) => (stat ? [{file, bytes: stat.size, usedAt: Math.max(stat.atimeMs, stat.mtimeMs)}] : []))
		.sort((a, b) => b.usedAt - a.usedAt);
	let kept = 0;
	const thinned = new Set<string>();
	for (const {file, bytes} of files.filter(({file}) => !file.endsWith(SUFFIX))) {
		kept += bytes;
		if (kept <= most) continue;
		rmSync(file, {force: true});
		thinned.add(path.dirname(file));
	}
	for (const {file} of files) if (file.endsWith(SUFFIX) && thinned.has(path.dirname(file))) rmSync(file, {force: true});
}
