import type {Tensor} from '@tensorflow/tfjs';
import {worksInLanes} from '../presets/index.ts';
import type {UNetConfig} from './weights/index.ts';
import {ops} from './graph/index.ts';

/**
 * How a CPU's cores are used. Large operations are each spread over all cores. Small ones cannot be: waking the threads costs
 * more than the work, so that a batch of a tiny model takes as long on four cores as on one. There the batch is cut into
 * lanes, independent computations that each run on one core from end to end.
 */
export interface CoreUse {
	/** Pieces that a batch is cut into. */
	readonly lanes: number;
	/** Threads per operation. */
	readonly operationThreads: number;
	/** Operations at once. */
	readonly concurrentOperations: number;
}

/** `positions`: height times width of the latents; `cores`: what this process may use. */
export function coreUse(unet: Pick<UNetConfig, 'blockOutChannels'>, positions: number, cores: number): CoreUse {
	return worksInLanes(unet, positions) ? {lanes: cores, operationThreads: 1, concurrentOperations: cores} : {lanes: 1, operationThreads: cores, concurrentOperations: Math.min(2, cores)};
}

/** Tells TensorFlow, which reads it when it is loaded; what the person has set stays. */
export function applyCoreUse({operationThreads, concurrentOperations}: CoreUse, environment: NodeJS.ProcessEnv = process.env): void {
	environment.TF_NUM_INTRAOP_THREADS ??= String(operationThreads);
	environment.TF_NUM_INTEROP_THREADS ??= String(concurrentOperations);
}

/** A run of rows of a batch. */
export interface Lane {
	readonly begin: number;
	readonly rows: number;
}

/** Cuts a batch into at most `count` lanes whose sizes differ by at most one row. */
export function cutIntoLanes(rows: number, count: number): Lane[] {
	const lanes = Math.max(1, Math.min(rows, count));
	const at = (lane: number) => Math.floor((lane * rows) / lanes);
	return Array.from({length: lanes}, (_, lane) => ({begin: at(lane), rows: at(lane + 1) - at(lane)}));
}

/** The lane's rows of a tensor. */
export function rowsOfLane(x: Tensor, {begin, rows}: Lane): Tensor {
	const [all, ...inner] = x.shape;
	return rows === all ? x : ops.slice(x, [begin, ...inner.map(() => 0)], [rows, ...inner]);
}

/** f of each lane's rows, joined again. `f` must treat rows independently. */
export function inLanes(inputs: readonly Tensor[], count: number, f: (...inputs: Tensor[]) => Tensor): Tensor {
	const [{shape: [rows]}] = inputs;
	return ops.concat(cutIntoLanes(rows, count).map(lane => f(...inputs.map(input => rowsOfLane(input, lane)))), 0);
}
