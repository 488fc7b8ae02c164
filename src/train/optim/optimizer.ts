import type {Tensor} from '@tensorflow/tfjs';
import type {State, Variable} from '../graph/index.ts';

/** A tensor that an optimizer knows of: on its own, or one of several that lie behind each other in a variable. */
export interface Member {
	/** On the device; convolutions are [height, width, in, out]. */
	readonly shape: readonly number[];
	/** `shape`: as torch has it. */
	readonly declaration: {readonly shape: readonly number[]};
	readonly size: number;
	/** First value in the variable. */
	readonly offset: number;
}

/** A variable of state beside a parameter's variable. */
export interface Slot {
	readonly name: string;
	readonly shape: readonly number[];
	/** FLOAT32, or UINT8 for codes. */
	readonly dtype: number;
	/** What it begins as. */
	readonly fill: number;
}

/** One variable of parameters and what an update of it needs. */
export interface Update {
	readonly parameter: Variable;
	readonly members: readonly Member[];
	/** In the order of `slots`. */
	readonly slots: readonly Variable[];
	/** Before clipping, float32, the shape of the parameter. */
	readonly gradient: Tensor;
	/** What the gradient is multiplied with first, a scalar; none without clipping. */
	readonly clip?: Tensor;
	/** Scalars computed on the host for this step: see `scalars`. */
	readonly stepSize: Tensor;
	readonly decay: Tensor;
	readonly extra: Tensor;
}

export interface StepScalars {
	/** What the update is multiplied with. */
	readonly stepSize: number;
	/** The share of itself that each parameter loses. */
	readonly decay: number;
	/** Whatever else the rule computes from the number of the step; the same for all networks. */
	readonly extra: number;
}

/** An update rule. One file each; the list is in index.ts. */
export interface Optimizer {
	/** The state it keeps beside a variable of parameters. */
	slots(variable: {readonly shape: readonly number[]; readonly members: readonly Member[]}): readonly Slot[];
	/** What the device needs for optimizer step `step` (1 is the first) at this rate, in double precision. */
	scalars(rate: {readonly learningRate: number; readonly step: number; readonly weightDecay: number}): StepScalars;
	/** Adds the update to the function being made. */
	update(state: State, update: Update): void;
}
