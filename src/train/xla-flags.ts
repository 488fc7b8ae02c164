import {createHash} from 'node:crypto';
import {mkdirSync, readdirSync, rmSync, statSync} from 'node:fs';
import path from 'node:path';
import {availableCores} from '../presets/index.ts';
import {TENSORFLOW_VERSION} from './runtime/index.ts';

/** Compiled functions on disk beyond this are removed, the longest unused first. A step of SD 1.5 has 50 MB. */
const CACHE_BYTES = 4 * 2 ** 30;

/**
 * How XLA compiles for a GPU. Most of its time goes into trying kernels. For a step of SD 1.5 on an H200, with Triton's matrix products
 * tried: 249 s, and no faster steps than cuBLAS has (53 and 46 ms at best); with all other fusions tried too, over 300 s.
 */
const compiling = ['--xla_gpu_enable_triton_gemm=false', '--xla_gpu_experimental_enable_fusion_autotuner=false'];
/** Machine code is made by all cores; one of these flags alone does nothing. */
const onAllCores = () => ['--xla_gpu_enable_llvm_module_compilation_parallelism=true', `--xla_gpu_force_compilation_parallelism=${availableCores()}`];
const deterministicFlags = ['--xla_gpu_deterministic_ops=true'];

export interface XlaWishes {
	/** Where compiled functions are kept. */
	readonly folder: string;
	readonly deterministic?: boolean;
}

/**
 * Tells XLA, which reads it when TensorFlow is loaded: compiled functions are kept on disk, so that a configuration that ran before on
 * this machine starts at once; and that memory comes from the driver's own pool, which takes what is needed where TensorFlow's doubles
 * (a step of SD 1.5: 13.6 instead of 16.6 GiB). What the person has set stays.
 */
export function applyXlaFlags({folder, deterministic = false}: XlaWishes, environment: NodeJS.ProcessEnv = process.env): void {
	environment.TF_GPU_ALLOCATOR ??= 'cuda_malloc_async';
	const own = environment.XLA_FLAGS ?? '';
	const beside = (flags: readonly string[]): string => [own, ...flags.filter(flag => !own.includes(flag.split('=')[0]))].filter(text => text !== '').join(' ');
	const wanted = [...compiling, ...(deterministic ? deterministicFlags : [])];
	environment.XLA_FLAGS = beside([...wanted, ...onAllCores()]);

	const functions = environment.TF_XLA_FLAGS ?? '';
	if (functions.includes('persistent_cache_directory')) return;
	// The cache knows functions by what they compute, not by the flags they were compiled with; how many cores compiled them makes no difference.
	const key = createHash('sha256').update(`${TENSORFLOW_VERSION} ${beside(wanted)}`).digest('hex').slice(0, 12);
	const cache = path.join(folder, key);
	try {
		mkdirSync(cache, {recursive: true});
		pruneCache(folder);
	} catch {
		// What cannot be kept is compiled anew.
		return;
	}
	environment.TF_XLA_FLAGS = [functions, `--tf_xla_persistent_cache_directory=${cache}`, '--tf_xla_persistent_cache_device_types=GPU'].filter(text => text !== '').join(' ');
}

/** Removes the files of a cache that were not used for the longest time, until the rest has at most `most` bytes. */
export function pruneCache(folder: string, most = CACHE_BYTES): void {
	const files = readdirSync(folder, {recursive: true, withFileTypes: true})
		.filter(entry => entry.isFile())
		.map(entry => path.join(entry.parentPath, entry.name))
		.map(file => ({file, stat: statSync(file, {throwIfNoEntry: false})}))
		.flatMap(({file, stat}) => (stat ? [{file, bytes: stat.size, usedAt: Math.max(stat.atimeMs, stat.mtimeMs)}] : []))
		.sort((a, b) => b.usedAt - a.usedAt);
	let kept = 0;
	for (const {file, bytes} of files) {
		kept += bytes;
		if (kept > most) rmSync(file, {force: true});
	}
}
