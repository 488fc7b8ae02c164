import type {Tensor} from '@tensorflow/tfjs';
import {attribute, FLOAT32, ops, type State, type Variable} from '../graph/index.ts';
import type {Slot, Update} from './optimizer.ts';

/** What several update rules are made of. */

/** State of the parameter's shape that begins at zero. */
export const likeParameter = (name: string, shape: readonly number[]): Slot => ({name, shape, dtype: FLOAT32, fill: 0});

export const clipped = ({gradient, clip}: Pick<Update, 'gradient' | 'clip'>): Tensor => (clip ? ops.multiply(gradient, clip) : gradient);

/** a·x + b·y for numbers a and b. */
export const blend = (a: number, x: Tensor, b: number, y: Tensor): Tensor => ops.add(ops.scaleBy(x, a), ops.scaleBy(y, b));

/** The parameter, read after the gradient is there: a plain graph would otherwise make products of all parameters before the forward pass. */
export const parameterNow = (state: State, {parameter, gradient}: Pick<Update, 'parameter' | 'gradient'>): Tensor => ops.hold(state.read(parameter), gradient);

/** p ← p − x, in place. */
export function subtractFrom(state: State, variable: Variable, x: Tensor): void {
	state.update('AssignSubVariableOp', [variable], [x], [attribute.type('dtype', FLOAT32)]);
}

/** What a parameter loses when it is multiplied by 1 − lr·wd in 32 bits, as torch does. */
export const decayShare = (learningRate: number, weightDecay: number): number => 1 - Math.fround(1 - learningRate * weightDecay);
