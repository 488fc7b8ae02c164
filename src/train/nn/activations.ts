import type {Tensor} from '@tensorflow/tfjs';
import {ops} from '../graph/index.ts';
import {differentiable} from './differentiable.ts';

const {add, constant, exponential, errorFunction, multiply, scaleBy, sigmoid, slice, subtract, toFloat32, toSameAs} = ops;

/** d/dy of y·σ(y), given σ(y). */
const siluSlope = (y: Tensor, s: Tensor): Tensor => add(s, multiply(multiply(y, s), subtract(constant(1), s)));

/** x · σ(x). */
export function silu(x: Tensor): Tensor {
	return differentiable(
		[x],
		(save, a) => {
			save([a]);
			const wide = toFloat32(a);
			return toSameAs(multiply(wide, sigmoid(wide)), a);
		},
		(dy, [a]) => {
			const wide = toFloat32(a);
			return [toSameAs(multiply(toFloat32(dy), siluSlope(wide, sigmoid(wide))), a)];
		},
	);
}

/** x · σ(1.702·x): the activation of OpenAI's CLIP. */
export function quickGelu(x: Tensor): Tensor {
	const steepness = 1.702;
	return differentiable(
		[x],
		(save, a) => {
			save([a]);
			const wide = toFloat32(a);
			return toSameAs(multiply(wide, sigmoid(scaleBy(wide, steepness))), a);
		},
		(dy, [a]) => {
			const steep = scaleBy(toFloat32(a), steepness);
			return [toSameAs(multiply(toFloat32(dy), siluSlope(steep, sigmoid(steep))), a)];
		},
	);
}

/** Φ(x), the distribution function of the normal distribution. */
const normalCdf = (x: Tensor) => scaleBy(add(constant(1), errorFunction(scaleBy(x, Math.SQRT1_2))), 0.5);
const normalDensity = (x: Tensor) => scaleBy(exponential(scaleBy(multiply(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
/** d/dx of x·Φ(x), given Φ(x). */
const geluSlope = (x: Tensor, cdf: Tensor) => add(cdf, multiply(x, normalDensity(x)));

/** x · Φ(x), exact. */
export function gelu(x: Tensor): Tensor {
	return differentiable(
		[x],
		(save, a) => {
			save([a]);
			const wide = toFloat32(a);
			return toSameAs(multiply(wide, normalCdf(wide)), a);
		},
		(dy, [a]) => {
			const wide = toFloat32(a);
			return [toSameAs(multiply(toFloat32(dy), geluSlope(wide, normalCdf(wide))), a)];
		},
	);
}

/** x: [..., 2·width] -> [..., width]: the first half times the GELU of the second (Shazeer 2020). */
export function geglu(x: Tensor): Tensor {
	const axis = x.rank - 1;
	const width = x.shape[axis] / 2;
	const size = [...x.shape.slice(0, -1), width];
	const zeros = x.shape.map(() => 0);
	const halves = (a: Tensor) => [toFloat32(slice(a, zeros, size)), toFloat32(slice(a, [...zeros.slice(1), width], size))];
	return differentiable(
		[x],
		(save, a) => {
			save([a]);
			const [value, gate] = halves(a);
			return toSameAs(multiply(value, multiply(gate, normalCdf(gate))), a);
		},
		(dy, [a]) => {
			const [value, gate] = halves(a);
			const wide = toFloat32(dy);
			const cdf = normalCdf(gate);
			return [ops.concat([toSameAs(multiply(wide, multiply(gate, cdf)), a), toSameAs(multiply(multiply(wide, value), geluSlope(gate, cdf)), a)], axis)];
		},
	);
}
