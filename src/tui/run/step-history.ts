/** What was measured in `width` consecutive steps. `min`, `max` and `sum` are over the `count` that are numbers; `invalid` counts the others (NaN, infinite). */
export interface StepBucket {
	readonly firstStep: number;
	readonly width: number;
	readonly min: number;
	readonly max: number;
	readonly sum: number;
	readonly count: number;
	readonly invalid: number;
}

/** Twice the dot columns of a 250-column chart, and half of it after neighbours have joined: a chart never shows buckets as steps of a staircase. */
const MOST_BUCKETS = 1024;

/** A measure of one step; null is one that was not a number. */
export interface StepValue {
	readonly step: number;
	readonly value: number | null;
}

/**
 * A measure of the steps since the start, such as the loss, in constant memory: when there are too many buckets, neighbours join, and the joined bucket keeps
 * the extremes of both, so that no spike is ever lost. Values are immutable; `with` and `before` give new histories.
 */
export class StepHistory {
	static readonly empty = new StepHistory([], 1);
	readonly buckets: readonly StepBucket[];
	/** Steps a bucket, a power of two. */
	readonly width: number;

	private constructor(buckets: readonly StepBucket[], width: number) {
		this.buckets = buckets;
		this.width = width;
	}

	/** With the values of further steps, in the order of the steps (counted from 1; not every step needs one). */
	with(values: readonly StepValue[]): StepHistory {
		if (values.length === 0) {
			return this;
		}

		const buckets = [...this.buckets];
		let {width} = this;
		for (const {step, value} of values) {
			const one = bucketOf(step, value, width);
			const last = buckets.at(-1);
			if (last?.firstStep === one.firstStep) {
				buckets[buckets.length - 1] = join(last, one);
				continue;
			}

			buckets.push(one);
			if (buckets.length > MOST_BUCKETS) {
				width *= 2;
				buckets.splice(0, buckets.length, ...halved(buckets, width));
			}
		}

		return new StepHistory(buckets, width);
	}

	/** Without the steps after `step`, which a resumed run takes anew. A bucket that reaches beyond stays whole. */
	upTo(step: number): StepHistory {
		return new StepHistory(this.buckets.filter(({firstStep}) => firstStep <= step), this.width);
	}
}

function bucketOf(step: number, value: number | null, width: number): StepBucket {
	const firstStep = Math.floor((step - 1) / width) * width + 1;
	return value === null || !Number.isFinite(value)
		? {firstStep, width, min: Infinity, max: -Infinity, sum: 0, count: 0, invalid: 1}
		: {firstStep, width, min: value, max: value, sum: value, count: 1, invalid: 0};
}

function join(one: StepBucket, other: StepBucket): StepBucket {
	return {
		firstStep: one.firstStep,
		width: one.width,
		min: Math.min(one.min, other.min),
		max: Math.max(one.max, other.max),
		sum: one.sum + other.sum,
		count: one.count + other.count,
		invalid: one.invalid + other.invalid,
	};
}

function halved(buckets: readonly StepBucket[], width: number): StepBucket[] {
	const joined: StepBucket[] = [];
	for (const bucket of buckets) {
		const wide = {...bucket, width, firstStep: Math.floor((bucket.firstStep - 1) / width) * width + 1};
		const last = joined.at(-1);
		if (last?.firstStep === wide.firstStep) {
			joined[joined.length - 1] = join(last, wide);
		} else {
			joined.push(wide);
		}
	}

	return joined;
}
