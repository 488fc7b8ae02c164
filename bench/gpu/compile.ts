// How long XLA compiles a training step, and how fast the step is then, by XLA's flags: each variant in processes of its own and with nothing compiled before;
// then once more, with what the first has left. A line of JSON for each as it is done, and all of them in a file.
//   npx tsx bench/gpu/compile.ts [--variants base,parallel] [--at-once 1] [--out bench/results/gpu-compile.json] [--limit-seconds 400] [-- FLAGS OF bench/step.ts]
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {cacheFolder} from '../../src/train/runtime/index.ts';
import {isArchitecture, syntheticModel} from '../synthetic-model.ts';
import {card, programOf, run} from './processes.ts';

const {values: flags, positionals} = parseArgs({allowPositionals: true, options: {
	variants: {type: 'string'},
	'at-once': {type: 'string', default: '1'},
	out: {type: 'string', default: 'bench/results/gpu-compile.json'},
	'limit-seconds': {type: 'string', default: '400'},
	models: {type: 'string', default: path.join(cacheFolder(), 'bench-models')},
}});
const step = positionals.length > 0 ? positionals : '--model sd15 --mode auto --attention fused --precision bf16 --steps 50'.split(' ');

/** Added to the flags that the program sets itself, and instead of its own of the same names. FOLDER is the variant's own. */
const variants: Readonly<Record<string, string>> = {
	base: '',
	'one-core': '--xla_gpu_enable_llvm_module_compilation_parallelism=false --xla_gpu_force_compilation_parallelism=1',
	'fewer-checks': '--xla_gpu_autotune_level=2',
	'fewer-tries': '--xla_gpu_autotune_max_solutions=8',
	'tries-kept': '--xla_gpu_experimental_autotuner_cache_dir=FOLDER',
	'kernels-kept': '--xla_gpu_kernel_cache_file=FOLDER/kernels',
	'thunks-made-anew': '--xla_gpu_experimental_aot_compiled_thunks=false',
	'no-command-buffers': '--xla_gpu_enable_command_buffer=',
	untried: '--xla_gpu_autotune_level=0',
	triton: '--xla_gpu_enable_triton_gemm=true',
};

const chosen = flags.variants?.split(',') ?? Object.keys(variants);
const unknown = chosen.filter(name => !Object.hasOwn(variants, name));
if (unknown.length > 0) throw new Error(`There are no variants ${unknown.join(', ')}. There are: ${Object.keys(variants).join(', ')}.`);
const model = step[step.indexOf('--model') + 1];
if (isArchitecture(model)) await syntheticModel(model, flags.models);

const work = mkdtempSync(path.join(os.tmpdir(), 'compile-'));
const results: Record<string, unknown>[] = [];
try {
	await Promise.all(Array.from({length: Number(flags['at-once'])}, async () => {
		for (let name = chosen.shift(); name !== undefined; name = chosen.shift()) await measure(name);
	}));
} finally {
	rmSync(work, {recursive: true, force: true});
}

async function measure(name: string): Promise<void> {
	const kept = path.join(work, name);
	mkdirSync(kept);
	const xlaFlags = variants[name].replaceAll('FOLDER', kept);
	// What TensorFlow keeps of whole functions is another thing than what XLA keeps of kernels.
	for (const [what, cache] of [['nothing compiled before', 'one'], ['compiled before', 'one'], ['compiled before, kept by XLA alone', 'two']] as const) {
		if (cache === 'two' && !variants[name].includes('FOLDER')) continue;
		const functions = path.join(work, `${name}-${cache}`);
		mkdirSync(functions, {recursive: true});
		const environment = {
			XLA_FLAGS: `${process.env.XLA_FLAGS ?? ''} ${xlaFlags}`.trim(),
			TF_XLA_FLAGS: `--tf_xla_persistent_cache_directory=${functions} --tf_xla_persistent_cache_device_types=GPU`,
		};
		const {said, ...ended} = await run(process.execPath, [...programOf('step'), '--models', flags.models, ...step], {limitMs: 1000 * Number(flags['limit-seconds']), environment});
		const {loadedMs, tracedMs, firstMs, medianMs, minMs, hostMs, callMs, notFinite, gpuBytesAt} = said ?? {};
		tell({variant: name, flags: variants[name], what, loadedMs, tracedMs, firstMs, medianMs, minMs, hostMs, callMs, notFinite, gpuBytesAt, ...ended});
		if (!said) return;
	}
}

function tell(result: Record<string, unknown>): void {
	results.push(result);
	console.log(JSON.stringify(result));
	mkdirSync(path.dirname(path.resolve(flags.out)), {recursive: true});
	writeFileSync(flags.out, `${JSON.stringify({gpu: card(), cores: os.availableParallelism(), step: step.join(' '), atOnce: Number(flags['at-once']), results}, undefined, '\t')}\n`);
}
