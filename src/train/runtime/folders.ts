import os from 'node:os';
import path from 'node:path';

/** TensorFlow's version is part of the folder's name: another version never mixes with this one. */
export const TENSORFLOW_VERSION = '2.21.0';

/** Where everything lives that can be fetched or built again: DREAMBOOTH_HOME, else the user's cache folder. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
	if (environment.DREAMBOOTH_HOME) return path.resolve(environment.DREAMBOOTH_HOME);
	const {XDG_CACHE_HOME: caches} = environment;
	// The XDG specification has a relative path ignored.
	return path.join(caches !== undefined && path.isAbsolute(caches) ? caches : path.join(os.homedir(), '.cache'), 'dreambooth-tui');
}

/** Holds `tensorflow/` (the two libraries) and `addon/tfjs_binding.node`. */
export function runtimeFolder(environment: NodeJS.ProcessEnv = process.env): string {
	return path.join(cacheFolder(environment), `tf-${TENSORFLOW_VERSION}-cpu`);
}
