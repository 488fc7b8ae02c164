import type {Tensor} from '@tensorflow/tfjs';
import type {State, Variable} from '../graph/index.ts';

/** One parameter and what an update of it needs. */
export interface Update {
	readonly parameter: Variable;
	/** In the order of `slots`. */
	readonly slots: readonly Variable[];
	/** Before clipping, float32, the shape of the parameter. */
	readonly gradient: Tensor;
	/** What the gradient is multiplied with first, a scalar; none without clipping. */
	readonly clip?: Tensor;
	/** Scalars computed on the host for this step: see `scalars`. */
	readonly stepSize: Tensor;
	readonly decay: Tensor;
	readonly epsilon: Tensor;
}

export interface StepScalars {
	readonly stepSize: number;
	/** The share of itself that each parameter loses. */
	readonly decay: number;
	readonly epsilon: number;
}

/** An update rule. One file each; the list is in index.ts. */
export interface Optimizer {
	/** The state it keeps per parameter, by name; it begins at zero and has the parameter's shape. */
	readonly slots: readonly string[];
	/** What the device needs for optimizer step `step` (1 is the first) at this rate, in double precision. */
	scalars(rate: {readonly learningRate: number; readonly step: number; readonly weightDecay: number}): StepScalars;
	/** Adds the update to the function being made. */
	update(state: State, update: Update): void;
}
