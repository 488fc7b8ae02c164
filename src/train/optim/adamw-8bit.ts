import {ops} from '../graph/index.ts';
import {adamw, type AdamOptions} from './adamw.ts';
import {dequantized, inBlocks, isQuantized, outOfBlocks, quantize, quantizedSlots} from './blockwise.ts';
import type {Optimizer} from './optimizer.ts';
import {blend, clipped, parameterNow, subtractFrom} from './parts.ts';

/**
 * AdamW with both moments in 8 bits: 2.03 bytes a parameter instead of 8. The update uses the new moments before they are
 * rounded to codes. Tensors of fewer than 4096 values keep 32-bit moments.
 */
export function adamw8bit(options: AdamOptions): Optimizer {
	const {beta1, beta2} = options;
	const wide = adamw(options);
	return {
		slots: variable => (isQuantized(variable.members) ? [...quantizedSlots('m', sizeOf(variable.shape), 'signed'), ...quantizedSlots('v', sizeOf(variable.shape), 'unsigned')] : wide.slots(variable)),
		scalars: wide.scalars,
		update(state, update) {
			if (!isQuantized(update.members)) return wide.update(state, update);
			const {parameter, slots: [codesM, absmaxM, codesV, absmaxV], stepSize, decay, extra} = update;
			const gradient = inBlocks(clipped(update));
			const m = blend(beta1, dequantized(state, codesM, absmaxM, 'signed', {after: gradient}), 1 - beta1, gradient);
			const v = blend(beta2, dequantized(state, codesV, absmaxV, 'unsigned', {after: gradient}), 1 - beta2, ops.square(gradient));
			// `extra` is ε as the kernel of the wide form takes it: scaled by what that does to the gradients.
			const direction = ops.divide(m, ops.add(ops.squareRoot(v), ops.scaleBy(extra, 1 / wide.gradientScale)));
			const moved = outOfBlocks(ops.multiply(direction, stepSize), parameter.shape);
			subtractFrom(state, parameter, ops.multiply(parameterNow(state, update), decay));
			subtractFrom(state, parameter, moved);
			quantize(state, m, codesM, absmaxM, 'signed');
			quantize(state, v, codesV, absmaxV, 'unsigned');
		},
	};
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);
