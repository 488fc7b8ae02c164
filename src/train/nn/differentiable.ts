import type {Tensor} from '@tensorflow/tfjs';
import {loadRuntime} from '../runtime/index.ts';

export type Save = (tensors: readonly Tensor[]) => void;

/**
 * A function with its own gradient. `forward` runs off the tape and names with `save` the only tensors that are kept for
 * the backward pass; `backward` returns one gradient per input.
 */
export function differentiable(inputs: readonly Tensor[], forward: (save: Save, ...inputs: Tensor[]) => Tensor, backward: (dy: Tensor, saved: Tensor[]) => Tensor[]): Tensor {
	const {tf} = loadRuntime();
	return tf.customGrad((...args) => {
		const save = args.pop() as unknown as (tensors: Tensor[]) => void;
		const value = forward(tensors => save([...tensors]), ...(args as Tensor[]));
		// The engine disposes a gradient once it has added another to it, so none may be shared, not even dy itself.
		return {value, gradFunc: (dy: Tensor, saved: Tensor[]) => backward(dy, saved).map(gradient => (gradient === dy ? dy.clone() : gradient))};
	})(...inputs);
}

/**
 * d(y·dy)/dx for every x of `xs`: the gradients of `f`, whose result is a scalar or is weighted by `dy`. Can be used inside
 * a backward pass, which the engine of tfjs by itself does not survive (its active tape is lost).
 */
export function gradients(f: () => Tensor, xs: readonly Tensor[], dy?: Tensor): {value: Tensor; gradients: Tensor[]} {
	const engine = loadRuntime().tf.engine();
	const state = engine.state as unknown as {activeTape: unknown};
	const tape = state.activeTape;
	try {
		const {value, grads} = engine.gradients(f, [...xs], dy);
		return {value, gradients: grads};
	} finally {
		state.activeTape = tape;
	}
}
