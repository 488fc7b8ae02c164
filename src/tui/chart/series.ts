/** Measurements of consecutive steps, one or many to a bucket. `min`, `max`, `sum` are over the `count` finite ones; `invalid` counts NaN and infinities. */
export interface Bucket {
	readonly firstStep: number;
	readonly width: number;
	readonly min: number;
	readonly max: number;
	readonly sum: number;
	readonly count: number;
	readonly invalid: number;
}

/** The values that one column of dots covers; undefined where there is nothing to draw. */
export type Column = {readonly low: number; readonly high: number} | undefined;

/** The steps from the left edge to the right edge. */
export interface StepRange {
	readonly from: number;
	readonly to: number;
}

/** Those of the buckets; undefined without any. */
export function rangeOf(buckets: readonly Bucket[]): StepRange | undefined {
	const first = buckets[0];
	const last = buckets.at(-1);
	return first && last && {from: first.firstStep, to: last.firstStep + Math.max(1, last.count + last.invalid) - 1};
}

/**
 * A right edge at or a little after the last step, which moves only now and then: with an edge that follows every step the whole curve
 * shifts with each, and every shift is sent. At most an eighth is left empty, and nothing after the end of the run.
 */
export function steadyEnd(lastStep: number, totalSteps: number): number {
	const quantum = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, lastStep))) - 3);
	const end = Math.ceil(lastStep / quantum) * quantum;
	return totalSteps >= lastStep ? Math.min(end, totalSteps) : end;
}

/** Where a step lies on a row of dot columns. */
export function columnOf(step: number, {from, to}: StepRange, width: number): number {
	return to <= from ? 0 : Math.max(0, Math.min(width - 1, Math.round(((step - from) / (to - from)) * (width - 1))));
}

/** Where buckets lie on a row of dot columns. */
export function columnsOf(buckets: readonly Bucket[], range: StepRange, width: number): readonly number[] {
	return buckets.map(bucket => columnOf(centre(bucket), range, width));
}

/** Of the steps that the bucket holds so far. */
export function centre({firstStep, width, count, invalid}: Bucket): number {
	return firstStep + (Math.min(width, Math.max(1, count + invalid)) - 1) / 2;
}

/**
 * Least to greatest value in each of `width` columns, so that a single extreme among thousands of steps is drawn.
 * Where buckets are sparser than columns the line between neighbours is filled in; across a bucket without a finite value it breaks.
 */
export function extentColumns(buckets: readonly Bucket[], range: StepRange, width: number): Column[] {
	const places = columnsOf(buckets, range, width);
	const columns: Column[] = Array.from({length: width}, () => undefined);
	for (const [index, {min, max, count}] of buckets.entries()) {
		const place = places[index]!;
		const known = columns[place];
		if (count > 0) {
			columns[place] = {low: Math.min(min, known?.low ?? Infinity), high: Math.max(max, known?.high ?? -Infinity)};
		}
	}

	fillBetween(columns, places, buckets.map(({sum, count}) => count > 0 ? sum / count : undefined));
	return columns;
}

/** One value a bucket (undefined: none) -> a line through them, the last value in a column counting. */
export function lineColumns(buckets: readonly Bucket[], values: readonly (number | undefined)[], range: StepRange, width: number): Column[] {
	const places = columnsOf(buckets, range, width);
	const columns: Column[] = Array.from({length: width}, () => undefined);
	for (const [index, value] of values.entries()) {
		if (value !== undefined) {
			columns[places[index]!] = {low: value, high: value};
		}
	}

	fillBetween(columns, places, values);
	return columns;
}

function fillBetween(columns: Column[], places: readonly number[], values: readonly (number | undefined)[]): void {
	for (let index = 1; index < places.length; index++) {
		const [from, to] = [places[index - 1]!, places[index]!];
		const [start, end] = [values[index - 1], values[index]];
		if (start === undefined || end === undefined) {
			continue;
		}

		for (let column = from + 1; column < to; column++) {
			const value = start + ((end - start) * (column - from)) / (to - from);
			columns[column] ??= {low: value, high: value};
		}
	}
}

/**
 * Exponential moving average over steps, one value a bucket: each bucket's mean weighs as much as the steps in it, and the start is
 * not drawn towards zero (Kingma & Ba 2015, section 3). spanSteps: N of the usual weight 2 / (N + 1).
 */
export function smoothed(buckets: readonly Bucket[], spanSteps: number): (number | undefined)[] {
	const keep = 1 - 2 / (spanSteps + 1);
	let sum = 0;
	let weight = 0;
	return buckets.map(bucket => {
		if (bucket.count === 0) {
			return undefined;
		}

		const kept = keep ** bucket.count;
		sum = sum * kept + (1 - kept) * (bucket.sum / bucket.count);
		weight = weight * kept + (1 - kept);
		return sum / weight;
	});
}
