import os from 'node:os';
import path from 'node:path';

/** TensorFlow's version is part of the folder's name: another version never mixes with this one. */
export const TENSORFLOW_VERSION = '2.21.0';

/** TensorFlow is built twice: for processors, and for NVIDIA's GPUs. */
export type RuntimeKind = 'cpu' | 'gpu';

/** Where everything lives that can be fetched or built again: DREAMBOOTH_HOME, else the user's cache folder. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
	if (environment.DREAMBOOTH_HOME) return path.resolve(environment.DREAMBOOTH_HOME);
	const {XDG_CACHE_HOME: caches} = environment;
	// The XDG specification has a relative path ignored.
	return path.join(caches !== undefined && path.isAbsolute(caches) ? caches : path.join(os.homedir(), '.cache'), 'dreambooth-tui');
}

/** Holds the libraries and headers, the addon, and the probe's verdict. */
export function runtimeFolder(kind: RuntimeKind = 'cpu', environment: NodeJS.ProcessEnv = process.env): string {
	return path.join(cacheFolder(environment), `tf-${TENSORFLOW_VERSION}-${kind}`);
}

/** The files that are loaded, in a runtime folder. */
export const frameworkLibrary = (runtime: string): string => path.join(runtime, 'tensorflow', 'libtensorflow_framework.so.2');
export const tensorflowLibrary = (runtime: string): string => path.join(runtime, 'tensorflow', 'libtensorflow_cc.so.2');
export const addonFile = (runtime: string): string => path.join(runtime, 'addon', 'tfjs_binding.node');
