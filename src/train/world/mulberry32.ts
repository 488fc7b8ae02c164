/**
 * The random numbers of one scene, in the order in which they are asked for: Mulberry32 (Tommy Ettinger, public domain). A scene is a
 * sequence of a few hundred choices, each of which may change what is asked next; 32 bits of state name it.
 */
export class Mulberry32 {
	#state: number;

	/** @param seed an integer; its lowest 32 bits count */
	constructor(seed: number) {
		this.#state = seed | 0;
	}

	/** Uniform in [0, 1), a multiple of 2^-32. */
	next(): number {
		this.#state = (this.#state + 0x6d_2b_79_f5) | 0;
		let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) * 2 ** -32;
	}

	between(low: number, high: number): number {
		return low + (high - low) * this.next();
	}

	/** 0 … bound−1. */
	integer(bound: number): number {
		return Math.floor(this.next() * bound);
	}

	chance(probability: number): boolean {
		return this.next() < probability;
	}

	pick<T>(choices: readonly T[]): T {
		return choices[this.integer(choices.length)];
	}

	/** A key, with the probability of its share of all weights. */
	weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
		const pairs = Object.entries(weights) as [K, number][];
		let left = this.next() * pairs.reduce((sum, [, weight]) => sum + weight, 0);
		for (const [key, weight] of pairs) {
			left -= weight;
			if (left < 0) return key;
		}
		return pairs[pairs.length - 1][0];
	}
}
