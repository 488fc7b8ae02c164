import type {Tensor} from '@tensorflow/tfjs';
import {loadRuntime} from '../runtime/index.ts';

export type Save = (tensors: readonly Tensor[]) => void;

/** A gradient, or how to compute it when it is asked for: a frozen weight's never is. */
export type Gradient = Tensor | (() => Tensor);

/** What `customGrad` of tfjs calls. `customGrad` itself computes the gradients of all inputs, this only those that are asked for. */
interface KernelRunner {
	runKernelFunc(kernel: {
		inputs: Readonly<Record<string, Tensor>>;
		forwardFunc(backend: unknown, save: (tensors: Tensor[]) => void): Tensor;
		backwardsFunc(dy: Tensor, saved: Tensor[]): Record<string, () => Tensor>;
	}): Tensor;
}

/**
 * A function with its own gradient. `forward` runs off the tape and names with `save` the only tensors that are kept for
 * the backward pass; `backward` returns one gradient per input.
 */
export function differentiable(inputs: readonly Tensor[], forward: (save: Save, ...inputs: Tensor[]) => Tensor, backward: (dy: Tensor, saved: Tensor[]) => Gradient[]): Tensor {
	return (loadRuntime().tf.engine() as unknown as KernelRunner).runKernelFunc({
		inputs: Object.fromEntries(inputs.entries()),
		forwardFunc: (_, save) => forward(tensors => save([...tensors]), ...inputs),
		backwardsFunc: (dy, saved) =>
			Object.fromEntries(
				backward(dy, saved).map((gradient, i) => {
					// The engine disposes a gradient once it has added another to it, so none may be shared, not even dy itself.
					const own = gradient === dy ? dy.clone() : gradient;
					return [i, typeof own === 'function' ? own : () => own];
				}),
			),
	});
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
