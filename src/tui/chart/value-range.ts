import type {Bucket} from './series.ts';
import {linearScale, logScale, type Scale, type ScaleKind} from './scale.ts';

/** From the least to the greatest value that a chart shows. `leastPositive`: for a logarithm. */
export interface ValueRange {
	readonly low: number;
	readonly high: number;
	readonly leastPositive: number;
}

/** Of all histories together, for charts that are compared; undefined when none has a value. */
export function valueRange(...histories: readonly (readonly Bucket[])[]): ValueRange | undefined {
	let [low, high, leastPositive] = [Infinity, -Infinity, Infinity];
	for (const buckets of histories) {
		for (const {min, max, count} of buckets) {
			if (count > 0) {
				low = Math.min(low, min);
				high = Math.max(high, max);
				// A bucket that reaches below zero still has positive values for its top.
				const positive = min > 0 ? min : max;
				leastPositive = positive > 0 ? Math.min(leastPositive, positive) : leastPositive;
			}
		}
	}

	return low <= high ? {low, high, leastPositive} : undefined;
}

/** For what has a natural zero, such as bytes: half as much looks half as high. */
export function fromZero(buckets: readonly Bucket[]): ValueRange {
	const {high, leastPositive} = valueRange(buckets) ?? {high: 1, leastPositive: 1};
	return {low: 0, high, leastPositive};
}

/** Linear although log was wanted when nothing is positive. */
export function scaleFor(range: ValueRange | undefined, wanted: ScaleKind): Scale {
	if (!range) {
		return linearScale(0, 1);
	}

	return wanted === 'log' && range.high > 0 ? logScale(range.leastPositive, range.high) : linearScale(range.low, range.high);
}
