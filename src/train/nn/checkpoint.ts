import type {Tensor} from '@tensorflow/tfjs';
import {execution} from '../graph/index.ts';
import {differentiable, gradients} from './differentiable.ts';
import type {Scope} from './scope.ts';

/**
 * Gradient checkpointing (Chen et al. 2016): keeps only the inputs of `block` and computes it again in the backward pass.
 * The second computation waits for the incoming gradient; otherwise the compiler would merge it with the first.
 */
export function checkpoint(p: Scope, inputs: readonly Tensor[], block: (p: Scope, inputs: readonly Tensor[]) => Tensor): Tensor {
	const {checkpointing, barrier} = execution();
	const parameters = p.parameters().map(([, tensor]) => tensor);
	if (!checkpointing) return block(p, inputs);
	const split = (all: readonly Tensor[]) => [all.slice(0, inputs.length), all.slice(inputs.length)] as const;
	return differentiable(
		[...inputs, ...parameters],
		(save, ...all) => {
			save(all);
			const [xs, weights] = split(all);
			return block(p.withParameters(weights), xs);
		},
		(dy, saved) => {
			const again = barrier(saved, dy);
			const [xs, weights] = split(again);
			const found = gradients(() => block(p.withParameters(weights), xs), again, dy).gradients;
			// Together: the compiler might put the gradients of the weights off, and keep what was computed again for them until then.
			return barrier(found, dy);
		},
	);
}
