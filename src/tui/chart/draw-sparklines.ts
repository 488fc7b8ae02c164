import {asciiDots, braille, rasterize} from './raster.ts';
import {linearScale} from './scale.ts';
import {lineColumns, rangeOf, smoothed, type Bucket, type StepRange} from './series.ts';

export interface Sparkline {
	/** As many as asked for, each as wide as asked for. */
	readonly rows: readonly string[];
	/** The last value of the moving average. */
	readonly last: number | undefined;
}

/** The moving averages of several histories without axes, all on one scale, to stand one under the other. */
export function drawSparklines(histories: readonly (readonly Bucket[])[], {columns, rows, unicode, smoothing, steps}: {
	columns: number; rows: number; unicode: boolean; smoothing: number; steps: StepRange | undefined;
}): readonly Sparkline[] {
	const dots = unicode ? braille : asciiDots;
	const averages = histories.map(buckets => smoothed(buckets, smoothing));
	let [low, high] = [Infinity, -Infinity];
	for (const average of averages) {
		for (const value of average) {
			low = Math.min(low, value ?? Infinity);
			high = Math.max(high, value ?? -Infinity);
		}
	}

	const scale = low <= high ? linearScale(low, high) : linearScale(0, 1);
	return histories.map((buckets, index) => {
		const line = lineColumns(buckets, averages[index]!, steps ?? rangeOf(buckets) ?? {from: 0, to: 0}, columns * dots.width);
		return {
			rows: rasterize(line, scale, {rows, dots}).map(cells => [...cells].map(bits => bits > 0 ? dots.character(bits) : ' ').join('')),
			last: averages[index]!.findLast(value => value !== undefined),
		};
	});
}
