import {createHash} from 'node:crypto';
import {mkdirSync} from 'node:fs';
import path from 'node:path';
import {availableCores} from '../presets/index.ts';
import {keepCompiled, keepsCompiled, pruneCache} from './compile-cache.ts';
import {describeCuda, TENSORFLOW_VERSION} from './runtime/index.ts';

/**
 * How XLA compiles for a GPU. Most of its time goes into trying kernels. For a step of SD 1.5 on an H200, with Triton's matrix products
 * tried: 249 s, and no faster steps than cuBLAS has (53 and 46 ms at best); with all other fusions tried too, over 300 s.
 * And what is kept on disk are finished kernels, where by default XLA would make their code anew for each process: 7 instead of 18 s.
 */
const compiling = ['--xla_gpu_enable_triton_gemm=false', '--xla_gpu_experimental_enable_fusion_autotuner=false', '--xla_gpu_experimental_aot_compiled_thunks=true'];
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

	if (keepsCompiled(environment)) return;
	// TensorFlow knows functions by what they compute, not by the flags they were compiled with, nor for which card and libraries; how many
	// cores compiled them makes no difference. The libraries' kernels, which are kept too, may be others where a person forbids them TF32.
	const libraries = [describeCuda(environment), ...(environment.NVIDIA_TF32_OVERRIDE === undefined ? [] : [`TF32 ${environment.NVIDIA_TF32_OVERRIDE}`])].join(', ');
	const key = createHash('sha256').update(`${TENSORFLOW_VERSION} ${libraries} ${beside(wanted)}`).digest('hex').slice(0, 12);
	const cache = path.join(folder, key);
	try {
		mkdirSync(cache, {recursive: true});
		pruneCache(folder);
	} catch {
		// What cannot be kept is compiled anew.
		return;
	}
	keepCompiled(cache, environment);
}
