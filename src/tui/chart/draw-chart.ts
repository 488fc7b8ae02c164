import {formatTick} from '../units.ts';
import {asciiDots, braille, rasterize} from './raster.ts';
import {linearScale, logScale, type Scale, type ScaleKind} from './scale.ts';
import {columnsOf, extentColumns, lineColumns, smoothed, type Bucket} from './series.ts';

/** What a piece of a chart means; the caller chooses how that looks. */
export type ChartPart = 'raw' | 'smooth' | 'bad' | 'axis' | 'mark';
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
	/** One letter under the axis at each of these steps. */
	readonly marks?: readonly {readonly step: number; readonly letter: string}[];
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
/** A twelfth of the history: long against the noise of single timesteps, short against the descent. */
const SPANS_IN_HISTORY = 12;
const SHORTEST_SPAN = 10;

const SIGNS = {
	unicode: {side: '│', tick: '┤', corner: '└', floor: '─', invalid: '×'},
	ascii: {side: '|', tick: '+', corner: '+', floor: '-', invalid: 'X'},
} as const;

/** The curve of a history: every value from dim extremes, the moving average bright over it, NaN as a mark at the top, steps along the bottom. */
export function drawChart(buckets: readonly Bucket[], options: ChartOptions): Chart {
	const rows = Math.max(1, options.rows - 1);
	const dots = options.unicode ? braille : asciiDots;
	const signs = options.unicode ? SIGNS.unicode : SIGNS.ascii;
	const scale = scaleFor(buckets, options.scale);
	const labels = tickLabels(buckets, scale, rows);
	const labelWidth = Math.max(NARROWEST_LABEL, ...[...labels.values()].map(label => label.length));
	const columns = Math.max(1, options.columns - labelWidth - 1);
	const steps = buckets.reduce((sum, {count, invalid}) => sum + count + invalid, 0);
	const average = smoothed(buckets, Math.max(SHORTEST_SPAN, steps / SPANS_IN_HISTORY));
	const width = columns * dots.width;
	const raw = rasterize(extentColumns(buckets, width), scale, {rows, dots});
	const smooth = rasterize(lineColumns(buckets, average, width), scale, {rows, dots});
	const invalid = invalidCells(buckets, width, dots.width);

	const plotRows = Array.from({length: rows}, (_, row) => {
		const cells: ChartSpan[] = [];
		for (let column = 0; column < columns; column++) {
			const average = smooth[row]![column]!;
			const extent = raw[row]![column]!;
			if (row === 0 && invalid.has(column)) {
				cells.push({text: signs.invalid, part: 'bad'});
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
		rows: [...plotRows, floorRow(buckets, {columns, labelWidth, marks: options.marks ?? [], signs})],
		scale: scale.kind,
		smoothed: average.findLast(value => value !== undefined),
	};
}

function scaleFor(buckets: readonly Bucket[], wanted: ScaleKind): Scale {
	const filled = buckets.filter(({count}) => count > 0);
	const low = Math.min(...filled.map(({min}) => min));
	const high = Math.max(...filled.map(({max}) => max));
	if (filled.length === 0) {
		return linearScale(0, 1);
	}

	if (wanted === 'log' && high > 0) {
		// A bucket that reaches below zero still has positive values for its top.
		const positive = Math.min(...filled.map(({min, max}) => min > 0 ? min : max).filter(value => value > 0));
		return logScale(positive, high);
	}

	return linearScale(low, high);
}

/** By row: the ends of the scale, and between them a round value at the row nearest to it. */
function tickLabels(buckets: readonly Bucket[], scale: Scale, rows: number): ReadonlyMap<number, string> {
	if (buckets.length === 0) {
		return new Map();
	}

	const {bottom, top, middle} = scale;
	const values = rows >= 5 ? [bottom, middle, top] : rows >= 2 ? [bottom, top] : [top];
	return new Map(values.map(value => [Math.round((1 - (scale.place(value) ?? 0)) * (rows - 1)), formatTick(value)]));
}

function invalidCells(buckets: readonly Bucket[], width: number, dotsPerCell: number): ReadonlySet<number> {
	const places = columnsOf(buckets, width);
	return new Set(buckets.flatMap(({invalid}, index) => invalid > 0 ? [Math.floor(places[index]! / dotsPerCell)] : []));
}

/** The bottom axis: first and last step at its ends, marks between them. */
function floorRow(buckets: readonly Bucket[], {columns, labelWidth, marks, signs}: {columns: number; labelWidth: number; marks: readonly {step: number; letter: string}[]; signs: {corner: string; floor: string}}): readonly ChartSpan[] {
	const first = buckets[0]?.firstStep;
	const last = buckets.at(-1);
	const corner: ChartSpan = {text: `${' '.repeat(labelWidth)}${signs.corner}`, part: 'axis'};
	if (first === undefined || !last) {
		return merged([corner, {text: signs.floor.repeat(columns), part: 'axis'}]);
	}

	const lastStep = last.firstStep + last.count + last.invalid - 1;
	const cells: ChartSpan[] = Array.from({length: columns}, () => ({text: signs.floor, part: 'axis'}));
	for (const {step, letter} of marks) {
		if (step >= first && step <= lastStep && lastStep > first) {
			const column = Math.round(((step - first) / (lastStep - first)) * (columns - 1));
			const other = cells[column]!;
			cells[column] = {text: other.part === 'mark' && other.text !== letter ? '*' : letter, part: 'mark'};
		}
	}

	const [start, end] = [String(first), String(lastStep)];
	if (start.length + end.length + 2 <= columns) {
		cells.splice(0, start.length, {text: start, part: 'axis'});
		if (lastStep > first) {
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
