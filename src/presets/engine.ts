import type {TrainingConfig} from './config.ts';

/** How the training step is executed on a device: what `auto` means there. */
export const engineOn = ({engine}: Pick<TrainingConfig, 'engine'>, device: 'cpu' | 'gpu'): Exclude<TrainingConfig['engine'], 'auto'> =>
	engine === 'auto' ? (device === 'gpu' ? 'xla' : 'graph') : engine;

/** How many buckets a new run uses at most there; 0: all. */
export const bucketLimit = (config: Pick<TrainingConfig, 'engine' | 'maxBuckets'>, device: 'cpu' | 'gpu'): number => (engineOn(config, device) === 'xla' ? config.maxBuckets : 0);
