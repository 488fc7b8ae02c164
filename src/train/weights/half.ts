/** How floating-point numbers lie on disk. */
export type FloatType = 'F32' | 'F16' | 'BF16';

let halfTable: Float32Array | undefined;

/** bits: IEEE binary16 -> the same numbers in 32 bits (exact, subnormals, infinities and NaN included). */
export function halvesToFloats(bits: Uint16Array): Float32Array {
	halfTable ??= Float32Array.from({length: 0x1_00_00}, (_, half) => halfToNumber(half));
	const floats = new Float32Array(bits.length);
	for (let i = 0; i < bits.length; i++) floats[i] = halfTable[bits[i]];
	return floats;
}

/** bits: bfloat16, the upper half of a binary32 -> the same numbers in 32 bits. */
export function bfloatsToFloats(bits: Uint16Array): Float32Array {
	const words = new Uint32Array(bits.length);
	for (let i = 0; i < bits.length; i++) words[i] = bits[i] << 16;
	return new Float32Array(words.buffer);
}

/**
 * The bytes of `values` as they lie in a file: little-endian, rounded to nearest, ties to even. A finite value too
 * large for the type becomes infinity (F16 ends at 65 504); `onOverflow` hears how many did, when any did.
 */
export function encodeFloats(values: Float32Array, type: FloatType, {onOverflow}: {onOverflow?: (count: number) => void} = {}): Uint8Array {
	if (type === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
	const {bits, overflows} = type === 'F16' ? floatsToHalves(values) : floatsToBfloats(values);
	if (overflows > 0) onOverflow?.(overflows);
	return new Uint8Array(bits.buffer);
}

function halfToNumber(half: number): number {
	const sign = half & 0x80_00 ? -1 : 1;
	const exponent = (half >> 10) & 0x1f;
	const fraction = half & 0x3_ff;
	if (exponent === 0) return sign * fraction * 2 ** -24;
	if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
	return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const INFINITY_BITS = 0x7f_80_00_00;
/** 2^-14, the smallest normal binary16. */
const SMALLEST_NORMAL_HALF = 0x38_80_00_00;
/** 2^16, beyond every binary16. */
const BEYOND_HALF = 0x47_80_00_00;

function floatsToHalves(values: Float32Array): {bits: Uint16Array; overflows: number} {
	const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
	const bits = new Uint16Array(values.length);
	const scratch = new Float32Array(1);
	const scratchBits = new Uint32Array(scratch.buffer);
	let overflows = 0;
	for (let i = 0; i < values.length; i++) {
		const word = words[i];
		const magnitude = word & 0x7f_ff_ff_ff;
		let half: number;
		if (magnitude > INFINITY_BITS) {
			half = 0x7e_00;
		} else if (magnitude >= BEYOND_HALF) {
			half = 0x7c_00;
		} else if (magnitude >= SMALLEST_NORMAL_HALF) {
			// Rebias the exponent (127 -> 15), then add just under half a unit, or half when the kept part is odd.
			half = (magnitude - 0x38_00_00_00 + 0xf_ff + ((magnitude >> 13) & 1)) >> 13;
		} else {
			// Beside 0.5 a 32-bit float has steps of 2^-24, exactly the subnormal halves: its own rounding does the work.
			scratch[0] = Math.abs(values[i]) + 0.5;
			half = scratchBits[0] - 0x3f_00_00_00;
		}
		if (half === 0x7c_00 && magnitude !== INFINITY_BITS) overflows++;
		bits[i] = half | ((word >>> 16) & 0x80_00);
	}
	return {bits, overflows};
}

function floatsToBfloats(values: Float32Array): {bits: Uint16Array; overflows: number} {
	const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
	const bits = new Uint16Array(values.length);
	let overflows = 0;
	for (let i = 0; i < values.length; i++) {
		const word = words[i];
		const magnitude = word & 0x7f_ff_ff_ff;
		if (magnitude > INFINITY_BITS) {
			bits[i] = 0x7f_c0 | ((word >>> 16) & 0x80_00);
			continue;
		}
		bits[i] = (word + 0x7f_ff + ((word >>> 16) & 1)) >>> 16;
		if (magnitude !== INFINITY_BITS && (bits[i] & 0x7f_ff) === 0x7f_80) overflows++;
	}
	return {bits, overflows};
}
