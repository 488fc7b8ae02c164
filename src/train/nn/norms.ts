import type {Tensor} from '@tensorflow/tfjs';
import {ops} from '../graph/index.ts';
import {differentiable} from './differentiable.ts';
import type {Scope} from './scope.ts';

const {add, constant, mean, multiply, reciprocalSquareRoot, reshape, scaleBy, sigmoid, squaredDifference, subtract, sum, toFloat32, toLow, toSameAs} = ops;

export interface GroupNormOptions {
	readonly groups: number;
	readonly epsilon: number;
	/** Applied to the result in the same function, which saves keeping the result for the backward pass. */
	readonly activation?: 'silu';
}

/**
 * Group normalisation (Wu & He 2018) with statistics in float32: y = (x − μ)·r·weight + bias with mean μ and r = 1/√(variance + ε)
 * of each group. x: [batch, height, width, channels] -> same shape. Parameters weight, bias [channels].
 *
 * All passes over the image are of the form x·a + b with a and b per image and channel; what depends on groups happens on
 * those small tensors. With S₁ = Σ d and S₂ = Σ d·(x − μ) per channel, d the gradient of y, and N values in a group:
 *   dbias = Σ S₁,  dweight = Σ r·S₂,  dx = d·(r·weight) − (x − μ)·r³·Σ weight·S₂/N − r·Σ weight·S₁/N.
 */
export function groupNorm(p: Scope, x: Tensor, {groups, epsilon, activation}: GroupNormOptions): Tensor {
	const [batch, height, width, channels] = x.shape;
	const pixels = height * width;
	const perGroup = channels / groups;
	const image = [batch, pixels, channels];
	/** Sums over the channels of each group: [batch, 1, channels] -> [batch, 1, groups, 1]. */
	const byGroup = (a: Tensor) => sum(reshape(a, [batch, 1, groups, perGroup]), [3], {keep: true});
	/** The group's value for each of its channels: -> [batch, 1, channels]. */
	const perChannel = (a: Tensor) => reshape(ops.tile(a, [1, 1, 1, perGroup]), [batch, 1, channels]);
	const groupMean = (channelMeans: Tensor) => perChannel(scaleBy(byGroup(channelMeans), 1 / perGroup));
	const affine = (centered: Tensor, slope: Tensor, weight: Tensor, bias: Tensor) => add(multiply(centered, multiply(slope, weight)), bias);

	return differentiable(
		[x, p.get('weight', [channels]), p.get('bias', [channels])],
		(save, a, weight, bias) => {
			const wide = reshape(toFloat32(a), image);
			const center = groupMean(mean(wide, [1], {keep: true}));
			const slope = reciprocalSquareRoot(add(groupMean(mean(squaredDifference(wide, center), [1], {keep: true})), constant(epsilon)));
			save([a, weight, bias, center, slope]);
			const y = affine(subtract(wide, center), slope, weight, bias);
			return reshape(toLow(activation ? multiply(y, sigmoid(y)) : y), x.shape);
		},
		(dy, [a, weight, bias, center, slope]) => {
			const centered = subtract(reshape(toFloat32(a), image), center);
			let d = reshape(toFloat32(dy), image);
			if (activation) d = siluGradient(affine(centered, slope, weight, bias), d);
			const s1 = sum(d, [1], {keep: true});
			const s2 = sum(multiply(d, centered), [1], {keep: true});
			const size = pixels * perGroup;
			const m1 = scaleBy(perChannel(byGroup(multiply(weight, s1))), 1 / size);
			const m2 = scaleBy(perChannel(byGroup(multiply(weight, s2))), 1 / size);
			const cubed = multiply(slope, multiply(slope, slope));
			const dx = subtract(subtract(multiply(d, multiply(slope, weight)), multiply(centered, multiply(cubed, m2))), multiply(slope, m1));
			return [toSameAs(reshape(dx, x.shape), a), () => reshape(sum(multiply(slope, s2), [0]), [channels]), () => reshape(sum(s1, [0]), [channels])];
		},
	);
}

/** d/dy of y·σ(y), times the incoming gradient: dy·(σ + y·σ·(1 − σ)). */
function siluGradient(y: Tensor, dy: Tensor): Tensor {
	const s = sigmoid(y);
	return add(multiply(dy, s), multiply(y, ops.sigmoidGradient(s, dy)));
}

/**
 * Layer normalisation (Ba et al. 2016) with statistics in float32. x: [..., channels] -> same shape. Parameters weight, bias
 * [channels]. With g = d·weight: dx = r·(g − mean(g) − x̂·mean(g·x̂)).
 */
export function layerNorm(p: Scope, x: Tensor, {epsilon}: {epsilon: number}): Tensor {
	const channels = x.shape[x.rank - 1];
	const rows = [x.shape.slice(0, -1).reduce((product, n) => product * n, 1), channels];
	return differentiable(
		[x, p.get('weight', [channels]), p.get('bias', [channels])],
		(save, a, weight, bias) => {
			const wide = reshape(toFloat32(a), rows);
			const center = mean(wide, [1], {keep: true});
			const slope = reciprocalSquareRoot(add(mean(squaredDifference(wide, center), [1], {keep: true}), constant(epsilon)));
			save([a, weight, center, slope]);
			return reshape(toLow(add(multiply(multiply(subtract(wide, center), slope), weight), bias)), x.shape);
		},
		(dy, [a, weight, center, slope]) => {
			const normalised = multiply(subtract(reshape(toFloat32(a), rows), center), slope);
			const d = reshape(toFloat32(dy), rows);
			const g = multiply(d, weight);
			const m1 = mean(g, [1], {keep: true});
			const m2 = mean(multiply(g, normalised), [1], {keep: true});
			const dx = multiply(slope, subtract(subtract(g, m1), multiply(normalised, m2)));
			return [toSameAs(reshape(dx, x.shape), a), () => sum(multiply(d, normalised), [0]), () => sum(d, [0])];
		},
	);
}
