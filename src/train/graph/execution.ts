import type {Tensor} from '@tensorflow/tfjs';
import type {Precision} from './dtypes.ts';

/** How compiled functions run: one operation at a time, as one TensorFlow graph, or as one program compiled by XLA. */
export type Mode = 'eager' | 'graph' | 'xla';
/**
 * `full` holds the whole score matrix; `chunked` works through the queries in pieces and keeps none of it; `fused` is one kernel
 * of cuDNN where there is one for the layer, and chunked elsewhere.
 */
export type AttentionMode = 'full' | 'chunked' | 'fused';

/** What the layers may know about the function they are in. */
export interface Execution {
	readonly mode: Mode;
	readonly precision: Precision;
	readonly attention: AttentionMode;
	/** `fused` attention: layers that are computed in chunks all the same, by what `fusedLayer` calls them. */
	readonly notFused: readonly string[];
	/** Sums in the same order every time, where there is a choice. */
	readonly deterministic: boolean;
	/** `chunked` attention: the most bytes that one piece of the score matrix may take. */
	readonly attentionChunkBytes: number;
	/** Blocks keep only their inputs and are computed again in the backward pass. */
	readonly checkpointing: boolean;
	/** Returns the tensors unchanged, but not before `after` has been computed, and never merged with an earlier computation of the same. */
	barrier(tensors: readonly Tensor[], after: Tensor): Tensor[];
	/**
	 * Returns the tensor unchanged; a plain graph, which starts whatever is ready, uses it only once `after` has been computed.
	 * For work that would otherwise start before the forward pass and hold memory all through it.
	 */
	hold(tensor: Tensor, after: Tensor): Tensor;
}

let current: Execution | undefined;

/** The execution of the compiled function whose body is running. */
export function execution(): Execution {
	if (!current) throw new Error('A layer was used outside a compiled function: wrap the computation in compile().');
	return current;
}

/** Runs `body` as the body of a function. */
export function withExecution<T>(next: Execution, body: () => T): T {
	const outer = current;
	current = next;
	try {
		return body();
	} finally {
		current = outer;
	}
}
