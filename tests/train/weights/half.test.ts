import {expect, test} from 'vitest';
import {bfloatsToFloats, encodeFloats, halvesToFloats} from '../../../src/train/weights/half.ts';

const allBits = Uint16Array.from({length: 0x1_00_00}, (_, bits) => bits);
const isNaNHalf = (bits: number): boolean => (bits & 0x7f_ff) > 0x7c_00;
const isNaNBfloat = (bits: number): boolean => (bits & 0x7f_ff) > 0x7f_80;

function encode(values: Iterable<number>, type: 'F16' | 'BF16'): {bits: Uint16Array; overflows: number} {
	let overflows = 0;
	const bytes = encodeFloats(Float32Array.from(values), type, {onOverflow: count => (overflows = count)});
	return {bits: new Uint16Array(bytes.buffer), overflows};
}

test('binary16 has its defined values', () => {
	const values = halvesToFloats(Uint16Array.of(0x00_00, 0x80_00, 0x00_01, 0x03_ff, 0x04_00, 0x3c_00, 0xc0_00, 0x7b_ff, 0x7c_00, 0xfc_00, 0x7e_00));
	expect([...values]).toEqual([0, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 1, -2, 65_504, Infinity, -Infinity, NaN]);
});

test('every half and every bfloat comes back from 32 bits as it was', () => {
	const numbers = allBits.filter(bits => !isNaNHalf(bits));
	expect(encode(halvesToFloats(numbers), 'F16').bits).toEqual(numbers);
	const bfloats = allBits.filter(bits => !isNaNBfloat(bits));
	expect(encode(bfloatsToFloats(bfloats), 'BF16').bits).toEqual(bfloats);
	expect(encode([NaN], 'F16').bits.every(isNaNHalf)).toBe(true);
	expect(encode([NaN], 'BF16').bits.every(isNaNBfloat)).toBe(true);
});

/** Between each positive finite number and the next: the middle goes to the even one, a little off goes to the nearer. */
function expectNearestEven(type: 'F16' | 'BF16', last: number, decode: (bits: Uint16Array) => Float32Array): void {
	const bits = allBits.slice(0, last + 1);
	const values = decode(bits);
	const middles = Float32Array.from(bits.subarray(0, last), (_, i) => (values[i] + values[i + 1]) / 2);
	const words = new Uint32Array(middles.buffer);
	expect(encode(middles, type).bits).toEqual(bits.subarray(0, last).map(each => each + (each & 1)));
	const below = new Float32Array(words.map(word => word - 1).buffer);
	expect(encode(below, type).bits).toEqual(bits.slice(0, last));
	const above = new Float32Array(words.map(word => word + 1).buffer);
	expect(encode(above, type).bits).toEqual(bits.slice(1));
}

test('32 bits round to the nearest half, ties to even', () => expectNearestEven('F16', 0x7b_ff, halvesToFloats));

test('32 bits round to the nearest bfloat, ties to even', () => expectNearestEven('BF16', 0x7f_7f, bfloatsToFloats));

test('finite numbers that become infinite are counted, infinities are not', () => {
	expect(encode([65_519.99, 65_520, -1e9, 1e38, Infinity, NaN], 'F16')).toEqual({
		bits: Uint16Array.of(0x7b_ff, 0x7c_00, 0xfc_00, 0x7c_00, 0x7c_00, 0x7e_00),
		overflows: 3,
	});
	expect(encode([3.4e38, 3.38e38, -Infinity], 'BF16').overflows).toBe(1);
});
