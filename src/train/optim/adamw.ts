import {attribute, FLOAT32, ops} from '../graph/index.ts';
import type {Optimizer} from './optimizer.ts';
import {decayShare, likeParameter, parameterNow, subtractFrom} from './parts.ts';

export interface AdamOptions {
	readonly beta1: number;
	readonly beta2: number;
	readonly epsilon: number;
}

/**
 * AdamW (Loshchilov & Hutter 2019), as torch computes it:
 *   p ← p·(1 − lr·wd);  m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  p ← p − lr/(1−β₁ᵏ) · m / (√v/√(1−β₂ᵏ) + ε).
 * TensorFlow's kernel has the equal form lr' · m / (√v + ε') with lr' = lr·√(1−β₂ᵏ)/(1−β₁ᵏ) and ε' = ε·√(1−β₂ᵏ),
 * and updates all three tensors in place in one pass.
 */
export function adamw({beta1, beta2, epsilon}: AdamOptions): Optimizer & {readonly gradientScale: number} {
	// What the kernel, which has 32-bit floats, takes the betas for.
	const [kernelBeta1, kernelBeta2] = [Math.fround(beta1), Math.fround(beta2)];
	// Its 1 − β₂ is then wrong by 1.3e-5 of itself for 0.999. Gradients scaled by this give v its right size.
	const scale = Math.sqrt((1 - beta2) / (1 - kernelBeta2));
	return {
		gradientScale: scale,
		slots: ({shape}) => [likeParameter('m', shape), likeParameter('v', shape)],
		scalars({learningRate, step, weightDecay}) {
			const correction = Math.sqrt(1 - kernelBeta2 ** step);
			return {
				stepSize: (learningRate * correction) / (1 - kernelBeta1 ** step),
				decay: decayShare(learningRate, weightDecay),
				extra: epsilon * scale * correction,
			};
		},
		update(state, update) {
			const {parameter, slots: [m, v], gradient, clip, stepSize, decay, extra: epsilon} = update;
			subtractFrom(state, parameter, ops.multiply(parameterNow(state, update), decay));
			// The kernel's own bias correction is switched off by powers of zero: ours is in the step size.
			const none = ops.constant(0);
			state.update('ResourceApplyAdam', [parameter, m, v], [none, none, stepSize, ops.constant(beta1), ops.constant(beta2), epsilon, ops.multiply(gradient, clip ? ops.scaleBy(clip, scale) : ops.constant(scale))], [
				attribute.type('T', FLOAT32),
				attribute.bool('use_locking', false),
				attribute.bool('use_nesterov', false),
			]);
		},
	};
}
