import type {Tensor} from '@tensorflow/tfjs';
import {attribute, FLOAT32, INT32, op, ops} from '../graph/index.ts';
import {differentiable} from './differentiable.ts';

/** Which values are left out this time. */
export interface Dropout {
	/** The share of values that become 0; the others grow by as much as to make up for it (Srivastava et al. 2014). */
	readonly rate: number;
	/**
	 * [rows] int32: what decides for each row of the batch. The same key leaves out the same values, in whatever batch the row stands. Made outside of
	 * what is differentiated: the backward pass reads it again.
	 */
	readonly keys: Tensor;
}

/**
 * x with values left out. x: [rows, ...] -> same shape. Which ones is a pure function of the row's key, the module and the place of the value, computed
 * in whole numbers: the same on every device and in every mode, and in a block that is computed again for its gradients.
 */
export function dropped(x: Tensor, module: string, dropout: Dropout): Tensor {
	const kept = (y: Tensor) => ops.multiply(y, ops.toSameAs(keptValues(x.shape, module, dropout), y));
	return differentiable([x], (_, value) => kept(value), dy => [() => kept(dy)]);
}

const RANDOM_BITS = 24;

/** [rows, ...]: 0, or 1 / (1 - rate). */
function keptValues([rows, ...inner]: readonly number[], module: string, {rate, keys}: Dropout): Tensor {
	const count = inner.reduce((product, n) => product * n, 1);
	const ofRow = mixed(exclusiveOr(reshaped(keys, [rows, 1]), ops.integer(numberOf(module))));
	const places = op('Range', [ops.integer(0), ops.integer(count), ops.integer(1)], [attribute.type('Tidx', INT32)]);
	// Mixed twice: once alone, the places of two rows would be each other's in another order.
	const drawn = mixed(sum(ofRow, mixed(sum(ofRow, reshaped(places, [1, count])))));
	const isKept = op('GreaterEqual', [shifted(drawn, 32 - RANDOM_BITS), ops.integer(Math.round(rate * 2 ** RANDOM_BITS))], [whole()]);
	const ones = op('Cast', [isKept], [attribute.type('SrcT', BOOL), attribute.type('DstT', FLOAT32)]);
	return ops.reshape(ops.scaleBy(ones, 1 / (1 - rate)), [rows, ...inner]);
}

/** Every bit of the result depends on every bit of x: the last step of MurmurHash3 (Appleby 2011, public domain). */
function mixed(x: Tensor): Tensor {
	let h = product(exclusiveOr(x, shifted(x, 16)), 0x85ebca6b);
	h = product(exclusiveOr(h, shifted(h, 13)), 0xc2b2ae35);
	return exclusiveOr(h, shifted(h, 16));
}

const BOOL = 10;
const whole = () => attribute.type('T', INT32);
const sum = (a: Tensor, b: Tensor) => op('AddV2', [a, b], [whole()]);
const product = (a: Tensor, factor: number) => op('Mul', [a, ops.integer(factor | 0)], [whole()]);
const exclusiveOr = (a: Tensor, b: Tensor) => op('BitwiseXor', [a, b], [whole()]);
/** To the right, with zeros from the left. */
const shifted = (a: Tensor, bits: number) => op('BitwiseAnd', [op('RightShift', [a, ops.integer(bits)], [whole()]), ops.integer(2 ** (32 - bits) - 1)], [whole()]);
const reshaped = (x: Tensor, shape: readonly number[]) => op('Reshape', [x, ops.integers(shape)], [whole(), attribute.type('Tshape', INT32)]);

/** FNV-1a, 32 bit. */
function numberOf(text: string): number {
	let value = 0x811c9dc5;
	for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193);
	return value;
}
