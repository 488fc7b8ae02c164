import {formatTick} from '../units.ts';
import {asciiDots, braille, rasterize} from './raster.ts';
import type {Scale, ScaleKind} from './scale.ts';
import {centre, columnOf, extentColumns, lineColumns, rangeOf, smoothed, type Bucket, type StepRange} from './series.ts';
import {scaleFor, valueRange, type ValueRange} from './value-range.ts';

/** What a piece of a chart means; the caller chooses how that looks. */
export type ChartPart = 'raw' | 'smooth' | 'bad' | 'axis' | 'mark' | 'point' | 'best';
export interface ChartSpan {
	readonly text: string;
	readonly part: ChartPart;
}

export interface ChartOptions {
	/** The size of the whole chart in cells, axes included. */
	readonly columns: number;
	readonly rows: number;
	readonly scale: ScaleKind;
	readonly unicode: boolean;
	/** Steps of the moving average; undefined: the curve is the values themselves. */
	readonly smoothing: number | undefined;
	/** A sign on the chart for each: measurements that are too few for a curve. The least is marked as the best. */
	readonly points?: readonly Bucket[];
	/** One letter under the axis at each of these steps. */
	readonly marks?: readonly {readonly step: number; readonly letter: string}[];
	/** The steps that the axis spans; default: those of the values. */
	readonly steps?: StepRange;
	/** The values that the scale spans; default: those of the values and the points. */
	readonly values?: ValueRange;
	/** How values are written at the axis. */
	readonly tick?: (value: number) => string;
}

export interface Chart {
	/** As many rows as asked for; the spans of a row are as wide as asked for together. */
	readonly rows: readonly (readonly ChartSpan[])[];
	/** Linear although log was asked for when nothing is positive. */
	readonly scale: ScaleKind;
	/** The last value of the smoothed curve. */
	readonly smoothed: number | undefined;
}

/** Most labels fit, so that the curve seldom moves sideways when its range changes. */
const NARROWEST_LABEL = 4;

const SIGNS = {
	unicode: {side: '│', tick: '┤', corner: '└', floor: '─', invalid: '×', point: '○', best: '●'},
	ascii: {side: '|', tick: '+', corner: '+', floor: '-', invalid: 'X', point: 'o', best: '@'},
} as const;
type Signs = (typeof SIGNS)['unicode' | 'ascii'];

/** The curve of a history: every value from dim extremes, the moving average bright over it, NaN as a mark at the top, steps along the bottom. */
export function drawChart(buckets: readonly Bucket[], options: ChartOptions): Chart {
	const {smoothing, points = [], tick = formatTick, steps = rangeOf(buckets)} = options;
	const rows = Math.max(1, options.rows - 1);
	const dots = options.unicode ? braille : asciiDots;
	const signs = options.unicode ? SIGNS.unicode : SIGNS.ascii;
	const scale = scaleFor(options.values ?? valueRange(buckets, points), options.scale);
	const labels = buckets.length === 0 ? new Map<number, string>() : tickLabels(scale, rows, tick);
	const labelWidth = Math.max(NARROWEST_LABEL, ...[...labels.values()].map(label => label.length));
	const columns = Math.max(1, options.columns - labelWidth - 1);
	const width = columns * dots.width;
	const range = steps ?? {from: 0, to: 0};
	const average = smoothing === undefined ? buckets.map(({sum, count}) => count > 0 ? sum / count : undefined) : smoothed(buckets, smoothing);
	const raw = rasterize(extentColumns(buckets, range, width), scale, {rows, dots});
	const smooth = rasterize(lineColumns(buckets, average, range, width), scale, {rows, dots});
	const cellOf = (step: number): number => Math.floor(columnOf(step, range, width) / dots.width);
	const signsAt = signCells({buckets, points, cellOf, columns, rows, scale, signs});

	const plotRows = Array.from({length: rows}, (_, row) => {
		const cells: ChartSpan[] = [];
		for (let column = 0; column < columns; column++) {
			const average = smooth[row]![column]!;
			const extent = raw[row]![column]!;
			const sign = signsAt.get(row * columns + column);
			if (sign) {
				cells.push(sign);
			} else if (average > 0) {
				cells.push({text: options.unicode ? dots.character(average) : '*', part: 'smooth'});
			} else {
				cells.push({text: extent > 0 ? dots.character(extent) : ' ', part: 'raw'});
			}
		}

		const label = labels.get(row) ?? '';
		return merged([{text: `${label.padStart(labelWidth)}${label ? signs.tick : signs.side}`, part: 'axis'}, ...cells]);
	});

	return {
		rows: [...plotRows, floorRow(steps, {columns, labelWidth, marks: options.marks ?? [], signs})],
		scale: scale.kind,
		smoothed: average.findLast(value => value !== undefined),
	};
}

/** By row: the ends of the scale, and between them a round value at the row nearest to it. */
function tickLabels(scale: Scale, rows: number, tick: (value: number) => string): ReadonlyMap<number, string> {
	const {bottom, top, middle} = scale;
	const values = rows >= 5 ? [bottom, middle, top] : rows >= 2 ? [bottom, top] : [top];
	return new Map(values.map(value => [Math.round((1 - (scale.place(value) ?? 0)) * (rows - 1)), tick(value)]));
}

/** What is drawn over the curve, by row * columns + column: points where they are, in front of them the best, and at the top values that are no numbers. */
function signCells({buckets, points, cellOf, columns, rows, scale, signs}: {
	buckets: readonly Bucket[]; points: readonly Bucket[]; cellOf: (step: number) => number; columns: number; rows: number; scale: Scale; signs: Signs;
}): ReadonlyMap<number, ChartSpan> {
	const cells = new Map<number, ChartSpan>();
	const best = points.reduce<Bucket | undefined>((best, point) => best === undefined || point.min < best.min ? point : best, undefined);
	for (const point of [...points, ...(best ? [best] : [])]) {
		const place = scale.place(point.min);
		if (place !== undefined) {
			const row = Math.round((1 - Math.min(1, Math.max(0, place))) * (rows - 1));
			cells.set(row * columns + cellOf(centre(point)), point === best ? {text: signs.best, part: 'best'} : {text: signs.point, part: 'point'});
		}
	}

	for (const bucket of buckets) {
		if (bucket.invalid > 0) {
			cells.set(cellOf(centre(bucket)), {text: signs.invalid, part: 'bad'});
		}
	}

	return cells;
}

/** The bottom axis: first and last step at its ends, marks between them. */
function floorRow(steps: StepRange | undefined, {columns, labelWidth, marks, signs}: {columns: number; labelWidth: number; marks: readonly {step: number; letter: string}[]; signs: Signs}): readonly ChartSpan[] {
	const corner: ChartSpan = {text: `${' '.repeat(labelWidth)}${signs.corner}`, part: 'axis'};
	if (!steps) {
		return merged([corner, {text: signs.floor.repeat(columns), part: 'axis'}]);
	}

	const {from, to} = steps;
	const cells: ChartSpan[] = Array.from({length: columns}, () => ({text: signs.floor, part: 'axis'}));
	for (const {step, letter} of marks) {
		if (step >= from && step <= to && to > from) {
			const column = columnOf(step, steps, columns);
			const other = cells[column]!;
			cells[column] = {text: other.part === 'mark' && other.text !== letter ? '*' : letter, part: 'mark'};
		}
	}

	const [start, end] = [String(from), String(to)];
	if (start.length + end.length + 2 <= columns) {
		cells.splice(0, start.length, {text: start, part: 'axis'});
		if (to > from) {
			cells.splice(cells.length - end.length, end.length, {text: end, part: 'axis'});
		}
	}

	return merged([corner, ...cells]);
}

function merged(spans: readonly ChartSpan[]): readonly ChartSpan[] {
	const joined: ChartSpan[] = [];
	for (const span of spans) {
		const last = joined.at(-1);
		if (last?.part === span.part) {
			joined[joined.length - 1] = {text: last.text + span.text, part: span.part};
		} else {
			joined.push(span);
		}
	}

	return joined;
}
