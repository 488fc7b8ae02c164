import {existsSync} from 'node:fs';
import path from 'node:path';
import type koffiModule from 'koffi';
import type {LibraryHandle} from 'koffi';
import {runtimeFolder} from './folders.ts';
import {givenCudaFolder} from './given-cuda.ts';
import {cudaWheels} from './gpu-wheels.ts';

/** CUDA's libraries as they are found on this machine. */
export interface CudaLibraries {
	/** Where they are looked for. */
	readonly folder: string;
	/** Name -> file, in the order in which they are loaded. */
	readonly found: ReadonlyMap<string, string>;
	/** Names of what is not there, ptxas and libdevice among them. */
	readonly missing: readonly string[];
	/** Holds bin/ptxas and nvvm/libdevice, which XLA compiles with. */
	readonly toolkit: string | undefined;
}

const assembler = 'bin/ptxas';
const deviceLibrary = 'nvvm/libdevice/libdevice.10.bc';
const libraries = cudaWheels.flatMap(({files}) => files).filter(file => file.includes('.so'));

/** All that has to be there, in the order in which it is loaded. */
export const cudaLibraryNames: readonly string[] = libraries.map(file => path.basename(file));

/**
 * Looks for CUDA in the folder that the person names, else in the GPU runtime. There the files lie as pip installs them (nvidia/cublas/lib),
 * as in a toolkit (lib64, bin, nvvm), or all in one place.
 */
export function findCudaLibraries(environment: NodeJS.ProcessEnv = process.env): CudaLibraries {
	const folder = givenCudaFolder(environment) ?? runtimeFolder('gpu', environment);
	const places = libraries.map(file => [path.basename(file), [file, file.replace(/^nvidia\//, ''), `lib64/${path.basename(file)}`, `lib/${path.basename(file)}`, path.basename(file)]
		.map(place => path.join(folder, place)).find(existsSync)] as const);
	const toolkit = toolkitOf(environment) ?? ['nvidia/cuda_nvcc', 'cuda_nvcc', ''].map(place => path.join(folder, place)).find(place => [assembler, deviceLibrary].every(file => existsSync(path.join(place, file))));
	return {
		folder,
		found: new Map(places.flatMap(([name, file]) => (file === undefined ? [] : [[name, file] as const]))),
		missing: [...places.flatMap(([name, file]) => (file === undefined ? [name] : [])), ...(toolkit === undefined ? [assembler, deviceLibrary].map(file => path.basename(file)) : [])],
		toolkit,
	};
}

const dataFolderFlag = '--xla_gpu_cuda_data_dir';

/** The one that the person has told XLA of. */
const toolkitOf = ({XLA_FLAGS: flags = ''}: NodeJS.ProcessEnv): string | undefined => new RegExp(`${dataFolderFlag}=["']?([^"'\\s]+)`).exec(flags)?.[1];

/** koffi closes what nobody holds. */
const held: LibraryHandle[] = [];

/**
 * Loads CUDA into this process, so that TensorFlow finds each library loaded when it asks for it by name, wherever it lies; and says
 * to XLA what to compile with. Before TensorFlow is loaded.
 * @throws Error that names the library that could not be loaded
 */
export function openCudaLibraries(koffi: typeof koffiModule, {folder, found, missing, toolkit}: CudaLibraries, environment: NodeJS.ProcessEnv = process.env): void {
	if (missing.length > 0) throw new Error(`${folder} lacks ${missing.join(', ')}`);
	for (const [name, file] of found) {
		try {
			// A library that needs another finds it by its name among those that are loaded.
			held.push(koffi.load(file, {global: true, lazy: true}));
		} catch (error) {
			throw new Error(`${name} could not be loaded: ${(error as Error).message}`, {cause: error});
		}
	}
	if (toolkit !== undefined && toolkitOf(environment) === undefined) {
		// XLA splits its flags at spaces, but not inside quotation marks.
		environment.XLA_FLAGS = `${environment.XLA_FLAGS ?? ''} ${dataFolderFlag}=${toolkit.includes(' ') ? `"${toolkit}"` : toolkit}`.trim();
	}
}
