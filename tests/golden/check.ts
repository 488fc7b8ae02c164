import type {Arithmetic} from './arithmetic.ts';

/**
 * The golden checks compare the product with numbers made by the reference implementations (tests/fixtures/README.md).
 * A section is written once and used twice: by vitest (`tests/golden/*.test.ts`) and by `npm run golden`, which prints
 * one line per check for any folder of the same layout (FIXTURES_DIR).
 */
export interface Check {
	readonly name: string;
	/** The largest difference seen, in the measure of the check (relative L2 unless the name says otherwise). */
	readonly worst: number;
	readonly tolerance: number;
}

export interface Section {
	/** `1. unet-sd1`, as in tests/fixtures/README.md. */
	readonly title: string;
	run(fixtures: string, arithmetic?: Arithmetic): AsyncGenerator<Check>;
}

export const fixturesFolder = process.env.FIXTURES_DIR ?? new URL('../fixtures', import.meta.url).pathname;

/** NaN differences fail: `worst <= tolerance` is false for them. */
export const passed = (check: Check): boolean => check.worst <= check.tolerance;

export const format = (check: Check): string =>
	`${passed(check) ? 'ok  ' : 'FAIL'} ${check.name.padEnd(72)} worst ${check.worst.toExponential(2)}  tolerance ${check.tolerance.toExponential(1)}`;

/** ‖a − b‖₂ / ‖b‖₂ over all elements; Infinity when the lengths differ or b is zero and a is not. */
export function relativeL2(actual: ArrayLike<number>, reference: ArrayLike<number>): number {
	if (actual.length !== reference.length) return Infinity;
	let difference = 0;
	let norm = 0;
	for (let i = 0; i < reference.length; i++) {
		difference += (actual[i] - reference[i]) ** 2;
		norm += reference[i] ** 2;
	}
	if (norm === 0) return difference === 0 ? 0 : Infinity;
	return Math.sqrt(difference / norm);
}

export function largestDifference(actual: ArrayLike<number>, reference: ArrayLike<number>): number {
	if (actual.length !== reference.length) return Infinity;
	let worst = 0;
	for (let i = 0; i < reference.length; i++) {
		const difference = Math.abs(actual[i] - reference[i]);
		if (!(difference <= worst)) worst = difference;
	}
	return worst;
}

/** max |a − b| / |b|; where b is 0, a has to be 0 too. */
export function largestRelativeDifference(actual: ArrayLike<number>, reference: ArrayLike<number>): number {
	if (actual.length !== reference.length) return Infinity;
	let worst = 0;
	for (let i = 0; i < reference.length; i++) {
		const difference = actual[i] === reference[i] ? 0 : Math.abs((actual[i] - reference[i]) / reference[i]);
		if (!(difference <= worst)) worst = difference;
	}
	return worst;
}

/** The relative L2 of several tensors as if they were one. */
export class Together {
	#difference = 0;
	#norm = 0;
	#count = 0;

	add(actual: ArrayLike<number>, reference: ArrayLike<number>): void {
		this.#count++;
		for (let i = 0; i < reference.length; i++) {
			this.#difference += (actual[i] - reference[i]) ** 2;
			this.#norm += reference[i] ** 2;
		}
	}

	check(title: string, tolerance: number): Check {
		return {name: `${title}, all ${this.#count} as one`, worst: Math.sqrt(this.#difference / this.#norm), tolerance};
	}
}

/** The largest of several differences, and what it belongs to. A NaN is larger than everything. */
export class Worst {
	#name = 'none';
	#difference = 0;
	#count = 0;

	add(name: string, difference: number): void {
		this.#count++;
		if (difference <= this.#difference) return;
		this.#name = name;
		this.#difference = Number.isNaN(difference) ? Infinity : difference;
	}

	check(title: string, tolerance: number): Check {
		return {name: `${title} of ${this.#count}, worst ${this.#name}`, worst: this.#difference, tolerance};
	}
}
