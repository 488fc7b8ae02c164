import {mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {afterAll, expect, it} from 'vitest';
import {noteCompiled, pruneCache, wasCompiled} from '../../src/train/compile-cache.ts';
import {applyXlaFlags} from '../../src/train/xla-flags.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'compiled-'));
afterAll(() => rmSync(folder, {recursive: true}));

it('keeps what the person has set, and functions compiled with other flags apart', () => {
	const plain: NodeJS.ProcessEnv = {};
	applyXlaFlags({folder}, plain);
	const chosen: NodeJS.ProcessEnv = {XLA_FLAGS: '--xla_gpu_experimental_enable_fusion_autotuner=true --xla_gpu_enable_triton_gemm=true'};
	applyXlaFlags({folder}, chosen);
	expect(chosen.XLA_FLAGS).toMatch(/^--xla_gpu_experimental_enable_fusion_autotuner=true --xla_gpu_enable_triton_gemm=true --xla_gpu_experimental_aot_compiled_thunks=true --xla_gpu_enable_llvm_module_compilation_parallelism=true --xla_gpu_force_compilation_parallelism=\d+$/);
	const deterministic: NodeJS.ProcessEnv = {};
	applyXlaFlags({folder, deterministic: true}, deterministic);
	expect(deterministic.XLA_FLAGS).toContain('--xla_gpu_deterministic_ops=true');
	const withoutTf32: NodeJS.ProcessEnv = {NVIDIA_TF32_OVERRIDE: '0'};
	applyXlaFlags({folder}, withoutTf32);
	const folders = [plain, chosen, deterministic, withoutTf32].map(({TF_XLA_FLAGS}) => /persistent_cache_directory=(\S+)/.exec(TF_XLA_FLAGS ?? '')?.[1]);
	expect(new Set(folders).size).toBe(4);
	expect(readdirSync(folder).length).toBe(4);

	const nowhere: NodeJS.ProcessEnv = {};
	const file = path.join(folder, 'file');
	writeFileSync(file, '');
	applyXlaFlags({folder: file}, nowhere);
	rmSync(file);
	expect(nowhere.TF_XLA_FLAGS).toBeUndefined();

	const own: NodeJS.ProcessEnv = {TF_XLA_FLAGS: '--tf_xla_persistent_cache_directory=/elsewhere'};
	applyXlaFlags({folder}, own);
	expect(own.TF_XLA_FLAGS).toBe('--tf_xla_persistent_cache_directory=/elsewhere');
});

it('removes what was not used for the longest time once there is too much', () => {
	const cache = mkdtempSync(path.join(folder, 'cache-'));
	for (const [i, name] of ['old', 'used', 'new'].entries()) {
		writeFileSync(path.join(cache, name), Buffer.alloc(100));
		utimesSync(path.join(cache, name), 1000 + i, 1000 + i);
	}
	utimesSync(path.join(cache, 'old'), 2000, 1000);
	pruneCache(cache, 250);
	expect(readdirSync(cache).sort()).toEqual(['new', 'old']);
});

it('knows which functions were compiled before, of those that nothing was removed beside', () => {
	const kept: NodeJS.ProcessEnv = {};
	applyXlaFlags({folder: mkdtempSync(path.join(folder, 'known-'))}, kept);
	const cache = /persistent_cache_directory=(\S+)/.exec(kept.TF_XLA_FLAGS!)![1];
	expect(wasCompiled('step', kept)).toBe(false);
	noteCompiled('step', kept);
	expect(wasCompiled('step', kept)).toBe(true);
	expect(wasCompiled('another', kept)).toBe(false);

	writeFileSync(path.join(cache, '1.pb'), Buffer.alloc(100));
	pruneCache(path.dirname(cache), 200);
	expect(wasCompiled('step', kept)).toBe(true);
	pruneCache(path.dirname(cache), 50);
	expect(readdirSync(cache)).toEqual([]);

	noteCompiled('step', {});
	expect(wasCompiled('step', {})).toBe(false);
});
