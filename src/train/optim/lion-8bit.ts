import {ops} from '../graph/index.ts';
import {dequantized, inBlocks, isQuantized, outOfBlocks, quantize, quantizedSlots} from './blockwise.ts';
import {lion, type LionOptions} from './lion.ts';
import type {Optimizer} from './optimizer.ts';
import {blend, clipped, parameterNow, subtractFrom} from './parts.ts';

/** Lion with its moment in 8 bits: 1.02 bytes a parameter. Tensors of fewer than 4096 values keep a 32-bit moment. */
export function lion8bit(options: LionOptions): Optimizer {
	const {beta1, beta2} = options;
	const wide = lion(options);
	return {
		slots: variable => (isQuantized(variable.members) ? quantizedSlots('m', variable.shape.reduce((product, n) => product * n, 1), 'signed') : wide.slots(variable)),
		scalars: wide.scalars,
		update(state, update) {
			if (!isQuantized(update.members)) return wide.update(state, update);
			const {parameter, slots: [codes, absmax], stepSize, decay} = update;
			const gradient = inBlocks(clipped(update));
			const before = dequantized(state, codes, absmax, 'signed', {after: gradient});
			const direction = ops.sign(blend(beta1, before, 1 - beta1, gradient));
			const moved = outOfBlocks(ops.multiply(direction, stepSize), parameter.shape);
			subtractFrom(state, parameter, ops.multiply(parameterNow(state, update), decay));
			subtractFrom(state, parameter, moved);
			quantize(state, blend(beta2, before, 1 - beta2, gradient), codes, absmax, 'signed');
		},
	};
}
