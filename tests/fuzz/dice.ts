/** Seeded chance: the same seed gives the same cases on every machine (xorshift32). */
export class Dice {
	#state: number;

	constructor(seed: number) {
		this.#state = (Math.imul(seed + 1, 0x9e_37_79_b1) ^ 0x5b_d1_e9_95) | 1;
		for (let i = 0; i < 8; i++) this.next();
	}

	/** 0 ... 2³² − 1. */
	next(): number {
		let x = this.#state;
		x ^= x << 13;
		x ^= x >>> 17;
		x ^= x << 5;
		this.#state = x;
		return x >>> 0;
	}

	/** 0 ... count − 1. */
	below(count: number): number {
		return this.next() % Math.max(1, count);
	}

	pick<T>(list: readonly T[]): T {
		return list[this.below(list.length)];
	}

	/** True once in so many times. */
	once(times: number): boolean {
		return this.below(times) === 0;
	}
}
