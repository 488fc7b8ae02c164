import path from 'node:path';
import {availableCores, engineOn, type TrainingConfig} from '../presets/index.ts';
import type {Mode} from './graph/index.ts';
import {applyCoreUse, coreUse} from './lanes.ts';
import {cacheFolder, loadRuntime, type Runtime} from './runtime/index.ts';
import type {ModelFolder} from './weights/index.ts';
import {applyXlaFlags} from './xla-flags.ts';

export interface EngineWishes extends Partial<Pick<TrainingConfig, 'engine' | 'device' | 'deterministic'>> {
	/** Pixels of one image. */
	readonly pixels: number;
}

export interface Engine {
	readonly runtime: Runtime;
	/** Of the training step. */
	readonly mode: Mode;
	/** Of everything else: it starts at once, where XLA would compile for a minute first. */
	readonly sideMode: Mode;
	readonly lanes: number;
}

/**
 * Loads TensorFlow, set up for work with this model. TensorFlow reads its settings once, so that one process serves one model;
 * in a process that has loaded it before, the settings stay as they are.
 * @throws RuntimeMissingError when `dreambooth setup` has not been run.
 */
export function startEngine({unetConfig, vaeConfig}: Pick<ModelFolder, 'unetConfig' | 'vaeConfig'>, {pixels, engine = 'auto', device = 'auto', deterministic = false}: EngineWishes): Engine {
	const positions = pixels / 4 ** (vaeConfig.blockOutChannels.length - 1);
	const use = coreUse(unetConfig, positions, availableCores());
	applyCoreUse(use);
	if (deterministic) process.env.TF_DETERMINISTIC_OPS ??= '1';
	if (device === 'cpu') process.env.CUDA_VISIBLE_DEVICES = '-1';
	// Before it is known whether TensorFlow finds a GPU. A CPU does not heed them.
	if (device !== 'cpu') applyXlaFlags({folder: path.join(cacheFolder(), 'compiled'), deterministic});
	const runtime = loadRuntime({device});
	const onGpu = runtime.device === 'gpu';
	return {
		runtime,
		mode: engineOn({engine}, runtime.device),
		sideMode: engine === 'auto' ? 'graph' : engine,
		lanes: onGpu ? 1 : use.lanes,
	};
}
