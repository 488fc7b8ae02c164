import type {Tensor} from '@tensorflow/tfjs';
import {ops} from '../graph/index.ts';
import {siluSlope} from './activations.ts';
import {differentiable} from './differentiable.ts';
import type {Scope} from './scope.ts';

const {add, constant, mean, multiply, reciprocalSquareRoot, reshape, sigmoid, square, subtract, sum, toFloat32, toLow, toSameAs} = ops;

/** Mean and 1/√(variance + ε) over `axes`, kept as axes of length 1. */
function statistics(x: Tensor, axes: readonly number[], epsilon: number): {center: Tensor; slope: Tensor} {
	const center = mean(x, axes, {keep: true});
	const slope = reciprocalSquareRoot(add(mean(square(subtract(x, center)), axes, {keep: true}), constant(epsilon)));
	return {center, slope};
}

/** Gradient of the normalised x̂ = (x − center)·slope: slope · (d − mean(d) − x̂·mean(d·x̂)). */
const normGradient = (d: Tensor, normalised: Tensor, slope: Tensor, axes: readonly number[]) =>
	multiply(slope, subtract(subtract(d, mean(d, axes, {keep: true})), multiply(normalised, mean(multiply(d, normalised), axes, {keep: true}))));

export interface GroupNormOptions {
	readonly groups: number;
	readonly epsilon: number;
	/** Applied to the result in the same function, which saves keeping the result for the backward pass. */
	readonly activation?: 'silu';
}

/** Group normalisation (Wu & He 2018) with statistics in float32. x: [batch, height, width, channels] -> same shape. Parameters weight, bias [channels]. */
export function groupNorm(p: Scope, x: Tensor, {groups, epsilon, activation}: GroupNormOptions): Tensor {
	const [batch, height, width, channels] = x.shape;
	const grouped = [batch, height * width, groups, channels / groups];
	const axes = [1, 3];
	const affine = (normalised: Tensor, weight: Tensor, bias: Tensor) => add(multiply(reshape(normalised, x.shape), weight), bias);
	return differentiable(
		[x, p.get('weight', [channels]), p.get('bias', [channels])],
		(save, a, weight, bias) => {
			const wide = reshape(toFloat32(a), grouped);
			const {center, slope} = statistics(wide, axes, epsilon);
			save([a, weight, bias, center, slope]);
			const y = affine(multiply(subtract(wide, center), slope), weight, bias);
			return toLow(activation ? multiply(y, sigmoid(y)) : y);
		},
		(dy, [a, weight, bias, center, slope]) => {
			const normalised = multiply(subtract(reshape(toFloat32(a), grouped), center), slope);
			let d = toFloat32(dy);
			if (activation) {
				const y = affine(normalised, weight, bias);
				d = multiply(d, siluSlope(y, sigmoid(y)));
			}
			const dx = normGradient(reshape(multiply(d, weight), grouped), normalised, slope, axes);
			return [toSameAs(reshape(dx, x.shape), a), sum(multiply(d, reshape(normalised, x.shape)), [0, 1, 2]), sum(d, [0, 1, 2])];
		},
	);
}

/** Layer normalisation (Ba et al. 2016) with statistics in float32. x: [..., channels] -> same shape. Parameters weight, bias [channels]. */
export function layerNorm(p: Scope, x: Tensor, {epsilon}: {epsilon: number}): Tensor {
	const axes = [x.rank - 1];
	const outer = x.shape.slice(0, -1).map((_, axis) => axis);
	const channels = x.shape[x.rank - 1];
	return differentiable(
		[x, p.get('weight', [channels]), p.get('bias', [channels])],
		(save, a, weight, bias) => {
			const wide = toFloat32(a);
			const {center, slope} = statistics(wide, axes, epsilon);
			save([a, weight, center, slope]);
			return toLow(add(multiply(multiply(subtract(wide, center), slope), weight), bias));
		},
		(dy, [a, weight, center, slope]) => {
			const normalised = multiply(subtract(toFloat32(a), center), slope);
			const d = toFloat32(dy);
			return [toSameAs(normGradient(multiply(d, weight), normalised, slope, axes), a), sum(multiply(d, normalised), outer), sum(d, outer)];
		},
	);
}
