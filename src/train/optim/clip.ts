import type {Tensor} from '@tensorflow/tfjs';
import {ops} from '../graph/index.ts';

/** √(Σ over all tensors of Σ g²). */
export function globalNorm(gradients: readonly Tensor[]): Tensor {
	return ops.squareRoot(ops.scaleBy(ops.addAll(gradients.map(gradient => ops.halfSquaredNorm(gradient))), 2));
}

/** min(1, limit / (‖g‖ + 1e-6)): what every gradient is multiplied with (Pascanu et al. 2013, torch's form). */
export const clipCoefficient = (norm: Tensor, limit: number): Tensor => ops.minimum(ops.constant(1), ops.divide(ops.constant(limit), ops.add(norm, ops.constant(1e-6))));
