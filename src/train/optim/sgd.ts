import {ops} from '../graph/index.ts';
import type {Optimizer} from './optimizer.ts';
import {clipped, likeParameter, parameterNow, subtractFrom} from './parts.ts';

export interface SgdOptions {
	readonly momentum: number;
}

/** Gradient descent with momentum, as torch computes it: g ← g + wd·p;  b ← momentum·b + g;  p ← p − lr·b. */
export const sgd = ({momentum}: SgdOptions): Optimizer => ({
	slots: ({shape}) => [likeParameter('momentum', shape)],
	scalars: ({learningRate, weightDecay}) => ({stepSize: learningRate, decay: weightDecay, extra: 0}),
	update(state, update) {
		const {parameter, slots: [buffer], stepSize, decay} = update;
		const decayed = ops.add(clipped(update), ops.multiply(parameterNow(state, update), decay));
		const moved = ops.add(ops.scaleBy(state.read(buffer), momentum), decayed);
		state.assign(buffer, moved);
		subtractFrom(state, parameter, ops.multiply(moved, stepSize));
	},
});
