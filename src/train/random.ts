/**
 * Random numbers as pure functions of a key: the counter-based generator Philox4x32-10 (Salmon et al. 2011, "Parallel random
 * numbers: as easy as 1, 2, 3") and the Box-Muller transform. There is no state to save: whoever asks for the noise of step 41
 * gets the same noise in a resumed run, in any order, on any machine.
 */

/** Names one reproducible sequence. Different keys give independent sequences. */
export interface RandomKey {
	/** The seed a person chose; any safe integer. */
	readonly seed: number;
	/** What the numbers are for: 'noise', 'timestep', 'epoch order' … */
	readonly stream: string;
	/** Usually the training step; 0 … 2³²−1. */
	readonly step?: number;
	/** Usually the place within the batch; 0 … 2³²−1. */
	readonly index?: number;
}

/** count independent draws from N(0, 1). About 40 ns for each value. */
export function normals(count: number, key: RandomKey): Float32Array {
	const values = new Float32Array(count);
	const [key0, key1, step, index, stream] = counterWords(key);
	const words = new Int32Array(4);
	for (let block = 0; block * 4 < count; block++) {
		philox(words, key0, key1, block, index, step, stream);
		// Box-Muller on u in (0, 1] and an angle; writes beyond `count` are ignored by the typed array.
		const firstRadius = Math.sqrt(-2 * Math.log(((words[0] >>> 0) + 1) * 2 ** -32));
		const firstAngle = (words[1] >>> 0) * (2 * Math.PI * 2 ** -32);
		const secondRadius = Math.sqrt(-2 * Math.log(((words[2] >>> 0) + 1) * 2 ** -32));
		const secondAngle = (words[3] >>> 0) * (2 * Math.PI * 2 ** -32);
		values[block * 4] = firstRadius * Math.cos(firstAngle);
		values[block * 4 + 1] = firstRadius * Math.sin(firstAngle);
		values[block * 4 + 2] = secondRadius * Math.cos(secondAngle);
		values[block * 4 + 3] = secondRadius * Math.sin(secondAngle);
	}
	return values;
}

/** count independent numbers, uniform in [0, 1). About 20 ns for each value. */
export function uniforms(count: number, key: RandomKey): Float32Array {
	const values = new Float32Array(count);
	const [key0, key1, step, index, stream] = counterWords(key);
	const words = new Int32Array(4);
	for (let i = 0; i < count; i++) {
		if (i % 4 === 0) philox(words, key0, key1, i / 4, index, step, stream);
		// 24 bits: as many as a float holds without rounding up to 1.
		values[i] = (words[i % 4] >>> 8) * 2 ** -24;
	}
	return values;
}

/** One uniform integer 0 … bound−1; bound at most 2³². Throws RangeError for a bound that is no such integer. */
export function uniformInt(bound: number, key: RandomKey): number {
	return Math.floor(fraction(counterWords(key), 0) * checkedBound(bound));
}

/** The numbers 0 … count−1 in random order, every order equally likely (Fisher-Yates). */
export function permutation(count: number, key: RandomKey): Uint32Array {
	const order = Uint32Array.from({length: count}, (_, i) => i);
	const words = counterWords(key);
	for (let last = count - 1; last > 0; last--) {
		const other = Math.floor(fraction(words, last) * (last + 1));
		[order[last], order[other]] = [order[other], order[last]];
	}
	return order;
}

/**
 * Philox4x32-10: ten rounds over the 128-bit counter with the 64-bit key.
 * @param words receives the four 32-bit words of the block, as signed integers.
 */
export function philox(words: Int32Array, key0: number, key1: number, counter0: number, counter1: number, counter2: number, counter3: number): void {
	for (let round = 0; round < 10; round++) {
		const high0 = highProduct(0xd251, 0x1f53, counter0);
		const low0 = Math.imul(0xd2511f53, counter0);
		const high1 = highProduct(0xcd9e, 0x8d57, counter2);
		const low1 = Math.imul(0xcd9e8d57, counter2);
		counter0 = high1 ^ counter1 ^ key0;
		counter1 = low1;
		counter2 = high0 ^ counter3 ^ key1;
		counter3 = low0;
		key0 = (key0 + 0x9e3779b9) | 0;
		key1 = (key1 + 0xbb67ae85) | 0;
	}
	words[0] = counter0;
	words[1] = counter1;
	words[2] = counter2;
	words[3] = counter3;
}

/** The upper 32 bits of a 32-bit by 32-bit product, by 16-bit halves. `aHigh`, `aLow`: halves of the constant factor. */
function highProduct(aHigh: number, aLow: number, b: number): number {
	const bHigh = b >>> 16;
	const bLow = b & 0xffff;
	const middle = (Math.imul(aHigh, bLow) >>> 0) + (Math.imul(aLow, bLow) >>> 16);
	const rest = (Math.imul(aLow, bHigh) >>> 0) + (middle & 0xffff);
	return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (rest >>> 16)) | 0;
}

type CounterWords = readonly [key0: number, key1: number, step: number, index: number, stream: number];

function counterWords({seed, stream, step = 0, index = 0}: RandomKey): CounterWords {
	if (!Number.isSafeInteger(seed)) throw new RangeError(`a seed is a whole number between -2^53 and 2^53, not ${seed}`);
	return [seed | 0, Math.floor(seed / 2 ** 32) | 0, step | 0, index | 0, hash(stream)];
}

/** A number in [0, 1) with 53 random bits from block `block` of the sequence. */
function fraction([key0, key1, step, index, stream]: CounterWords, block: number): number {
	const words = new Int32Array(4);
	philox(words, key0, key1, block, index, step, stream);
	return ((words[0] >>> 5) * 2 ** 26 + (words[1] >>> 6)) * 2 ** -53;
}

function checkedBound(bound: number): number {
	if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) throw new RangeError(`uniformInt needs a bound of 1 … 2^32, not ${bound}`);
	return bound;
}

/** FNV-1a, 32 bit. */
function hash(text: string): number {
	let value = 0x811c9dc5;
	for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193);
	return value;
}
