import {ops} from '../graph/index.ts';
import type {Optimizer} from './optimizer.ts';
import {blend, clipped, decayShare, likeParameter, parameterNow, subtractFrom} from './parts.ts';

export interface LionOptions {
	readonly beta1: number;
	readonly beta2: number;
}

/**
 * Lion (Chen et al. 2023, "Symbolic discovery of optimization algorithms"):
 *   p ← p·(1 − lr·wd);  p ← p − lr·sign(β₁m + (1−β₁)g);  m ← β₂m + (1−β₂)g.
 */
export const lion = ({beta1, beta2}: LionOptions): Optimizer => ({
	slots: ({shape}) => [likeParameter('m', shape)],
	scalars: ({learningRate, weightDecay}) => ({stepSize: learningRate, decay: decayShare(learningRate, weightDecay), extra: 0}),
	update(state, update) {
		const {parameter, slots: [m], stepSize, decay} = update;
		const gradient = clipped(update);
		const average = ops.hold(state.read(m), gradient);
		const direction = ops.sign(blend(beta1, average, 1 - beta1, gradient));
		subtractFrom(state, parameter, ops.multiply(parameterNow(state, update), decay));
		subtractFrom(state, parameter, ops.multiply(direction, stepSize));
		state.assign(m, blend(beta2, average, 1 - beta2, gradient));
	},
});
