import type {Tensor} from '@tensorflow/tfjs';
import {attribute, FLOAT32, op, ops, type State, type Variable} from '../graph/index.ts';

/**
 * Loss scaling (Micikevicius et al. 2018, "Mixed precision training"): f16 ends at 65 504 and loses what is below 6e-8, where many
 * gradients are. So the loss is multiplied, and the gradients divided again in f32. The factor is as large as it can be, by the
 * rules of torch's GradScaler: a step whose gradients are not all finite changes nothing and halves it, many good ones double it.
 */
export const gradScaler = {initial: 2 ** 16, growth: 2, backoff: 0.5, growthInterval: 2000} as const;

/** What it keeps on the device: scalars, f32. */
export interface LossScaleVariables {
	readonly scale: Variable;
	/** Steps without overflow since it last changed. */
	readonly goodSteps: Variable;
	/** Updates of the parameters: all steps without those that were skipped. Rates and Adam's correction follow it, not the steps. */
	readonly updates: Variable;
}

/** Moves the scale after a step. `finite`: whether all gradients were, a bool. Returns the values after it. */
export function updateLossScale(state: State, {scale, goodSteps, updates}: LossScaleVariables, finite: Tensor, growthInterval: number): {readonly scale: Tensor; readonly updates: Tensor} {
	const [factor, good] = [state.read(scale), ops.add(state.read(goodSteps), ops.constant(1))];
	const grown = op('Equal', [good, ops.constant(growthInterval)], [attribute.type('T', FLOAT32)]);
	const doubled = ops.scaleBy(factor, gradScaler.growth);
	const next = {
		scale: select(finite, select(grown, select(isFiniteTensor(doubled), doubled, factor), factor), ops.scaleBy(factor, gradScaler.backoff)),
		goodSteps: select(finite, select(grown, ops.constant(0), good), ops.constant(0)),
		updates: ops.add(state.read(updates), select(finite, ops.constant(1), ops.constant(0))),
	};
	state.assign(scale, next.scale);
	state.assign(goodSteps, next.goodSteps);
	state.assign(updates, next.updates);
	return next;
}

/** Whether each value is neither infinite nor NaN: bool, the shape of x. */
export const isFiniteTensor = (x: Tensor): Tensor => op('IsFinite', [x], [attribute.type('T', FLOAT32)]);

/** `yes` where the bool scalar is true, `no` where it is not, whatever the other holds. */
const select = (condition: Tensor, yes: Tensor, no: Tensor, dtype = FLOAT32): Tensor => op('SelectV2', [condition, yes, no], [attribute.type('T', dtype)]);

/**
 * The state as an optimizer is given it: every variable keeps its value, to the bit, unless the bool scalar `done` is true. It knows
 * the operations by which the optimizers change variables; the gradient may hold anything.
 */
export function onlyIf(done: Tensor, state: State): State {
	const unless = (x: Tensor, otherwise: number) => select(done, x, ops.constant(otherwise));
	return {
		read: variable => state.read(variable),
		assign(variable, value) {
			state.assign(variable, select(done, value, ops.hold(state.read(variable), value), variable.dtype));
		},
		update(type, variables, inputs, attributes) {
			switch (type) {
				case 'AssignSubVariableOp':
					return state.update(type, variables, [unless(inputs[0], 0)], attributes);
				case 'ResourceApplyAdam': {
					// With these m + (g - m)(1 - β₁), v + (g² - v)(1 - β₂) and p - lr·m/(√v + ε) are m, v and p.
					const [power1, power2, rate, beta1, beta2, epsilon, gradient] = inputs;
					return state.update(type, variables, [power1, power2, unless(rate, 0), unless(beta1, 1), unless(beta2, 1), unless(epsilon, 1), unless(gradient, 0)], attributes);
				}
				default:
					throw new Error(`${type} changes variables in a way that cannot be skipped.`);
			}
		},
	};
}
