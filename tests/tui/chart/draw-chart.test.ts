import {describe, expect, test} from 'vitest';
import {drawChart, drawSparklines, steadyEnd, valueRange, type Bucket, type Chart, type ChartOptions} from '../../../src/tui/chart/index.ts';

/** One bucket a step; null is a value that was not a number. */
const steps = (values: readonly (number | null)[]): Bucket[] => values.map((value, index) => value === null
	? {firstStep: index + 1, width: 1, min: Infinity, max: -Infinity, sum: 0, count: 0, invalid: 1}
	: {firstStep: index + 1, width: 1, min: value, max: value, sum: value, count: 1, invalid: 0});

const usual: ChartOptions = {columns: 45, rows: 9, scale: 'linear', unicode: true, smoothing: 10};
const text = (chart: Chart): string[] => chart.rows.map(spans => spans.map(span => span.text).join(''));
const draw = (values: readonly (number | null)[], options: Partial<ChartOptions> = {}): string[] => text(drawChart(steps(values), {...usual, ...options}));

describe('the size', () => {
	test.each([[45, 9], [60, 5], [20, 3], [200, 40], [12, 2]])('is %i x %i as asked for, whatever the values', (columns, rows) => {
		for (const values of [[], [0.5], [0.5, 0.5], [1e-9, 1e9], Array.from({length: 3000}, (_, index) => Math.sin(index)), [null, null]]) {
			for (const scale of ['linear', 'log'] as const) {
				for (const unicode of [true, false]) {
					const lines = draw(values, {columns, rows, scale, unicode});
					expect(lines).toHaveLength(rows);
					expect(lines.map(line => line.length)).toEqual(Array.from({length: rows}, () => columns));
				}
			}
		}
	});
});

describe('the curve', () => {
	test('shows a single spike among thousands of steps at its full height', () => {
		for (const place of [1, 777, 1500, 2998]) {
			const values = Array.from({length: 3000}, (_, index) => index === place ? 0.9 : 0.1);
			const chart = drawChart(steps(values), usual);
			const top = chart.rows[0]!.filter(({part}) => part === 'raw').map(span => span.text).join('');
			expect(top.trim(), `spike at ${place}`).not.toBe('');
		}
	});

	test('is at its ends when it begins and ends there', () => {
		expect(draw([0, 0.25, 0.5, 0.75, 1], {columns: 15, rows: 6})).toMatchInlineSnapshot(`
			[
			  "   1┤        ⡠⠊",
			  "    │      ⡠⠊  ",
			  " 0.6┤    ⡠⠜⢀⡠⠒⠉",
			  "    │  ⡠⢀⡠⠔⠁   ",
			  "   0┤⡠⠔⠊⠁      ",
			  "    └1────────5",
			]
		`);
	});

	test('breaks where a value was not a number, and marks the place', () => {
		const chart = drawChart(steps([0.2, 0.2, null, 0.2, 0.2]), {...usual, columns: 25});
		const marks = chart.rows.flatMap(spans => spans.filter(({part}) => part === 'bad'));
		expect(marks).toEqual([{text: '×', part: 'bad'}]);
		const line = text(chart).slice(0, -1).map(row => row.slice(5)).find(row => /[\u2801-\u28FF]/.test(row))!;
		expect(line).toMatch(/^[\u2801-\u28FF]+ +[\u2801-\u28FF]+$/);
	});

	test('smooths with a moving average that a constant leaves as it is', () => {
		expect(drawChart(steps(Array.from({length: 40}, () => 0.3)), usual).smoothed).toBeCloseTo(0.3);
		const {smoothed} = drawChart(steps(Array.from({length: 200}, (_, index) => index % 2)), usual);
		expect(Math.abs(smoothed! - 0.5)).toBeLessThan(0.1);
		expect(drawChart([], usual).smoothed).toBeUndefined();
	});

	test('in ASCII uses nothing else', () => {
		const lines = draw([0.5, null, 0.4, 0.3, 0.2, 0.1], {unicode: false});
		expect(lines.join('')).toMatch(/^[\u0020-\u007E]+$/);
		expect(lines.join('')).toContain('*');
	});
});

describe('the axes', () => {
	test('span the values between round numbers', () => {
		const lines = draw([0.07, 0.73], {rows: 9});
		expect(lines[0]).toMatch(/^ 0\.8┤/);
		expect(lines[4]).toMatch(/^ 0\.4┤/);
		expect(lines[7]).toMatch(/^ {3}0┤/);
	});

	test('of the logarithm give every power of ten the same height', () => {
		const values = [1, ...Array.from({length: 50}, () => 0.1), 0.01];
		const heightInTheMiddle = (scale: 'linear' | 'log'): number => draw(values, {scale, rows: 22}).findIndex(line => /[\u2801-\u28FF]/.test(line[25]!));
		expect(heightInTheMiddle('linear')).toBeGreaterThan(17);
		expect(heightInTheMiddle('log')).toBe(10);
	});

	test('stay linear when no logarithm exists', () => {
		expect(drawChart(steps([0, -1, -2]), {...usual, scale: 'log'}).scale).toBe('linear');
		expect(drawChart(steps([0, 1]), {...usual, scale: 'log'}).scale).toBe('log');
	});

	test('say the first and the last step and mark what happened between', () => {
		const marks = [{step: 25, letter: 's'}, {step: 50, letter: 's'}, {step: 50, letter: 'c'}, {step: 75, letter: 'c'}, {step: 500, letter: 's'}];
		expect(draw(Array.from({length: 100}, () => 0.5), {marks, columns: 46}).at(-1)).toBe('    └1─────────s─────────*─────────c───────100');
	});
});

describe('measurements besides the curve', () => {
	const losses = steps(Array.from({length: 100}, (_, index) => 1 - index / 200));
	const at = (step: number, value: number): Bucket => ({firstStep: step, width: 1, min: value, max: value, sum: value, count: 1, invalid: 0});

	test('are signs where they belong, the least a sign of its own', () => {
		const chart = drawChart(losses, {...usual, columns: 45, rows: 11, points: [at(50, 0.9), at(75, 0.55), at(100, 0.6)]});
		const found = text(chart).flatMap((line, row) => [...line].flatMap((sign, column) => sign === '○' || sign === '●' ? [[sign, row, column]] : []));
		// 40 columns of curve behind 5 of axis; 10 rows from 1 to 0.5.
		expect(found).toEqual([['○', 2, 24], ['○', 7, 44], ['●', 8, 34]]);
	});

	test('are in the range of the scale', () => {
		const [top] = draw([0.5, 0.4]);
		const above = text(drawChart(steps([0.5, 0.4]), {...usual, points: [at(1, 3)]}))[0];
		expect(top).toMatch(/^ *0\.5/);
		expect(above).toMatch(/^ *3┤●/);
	});
});

describe('a steady axis', () => {
	test('ends at or a little after the last step, and never after the last of all', () => {
		for (let last = 1; last < 3000; last++) {
			const end = steadyEnd(last, 2500);
			expect(end).toBeGreaterThanOrEqual(last);
			expect(end - last).toBeLessThanOrEqual(Math.max(0, last / 8));
			expect(last <= 2500 && end > 2500).toBe(false);
		}
	});

	test('moves a few dozen times in a run, not with every step', () => {
		const ends = new Set(Array.from({length: 100_000}, (_, index) => steadyEnd(index + 1, 100_000)));
		expect(ends.size).toBeLessThan(130);
	});

	test('leaves the curve in place when a step is added', () => {
		const values = Array.from({length: 200}, (_, index) => Math.sin(index) + 2);
		const rows = (count: number): string[] => draw(values.slice(0, count), {steps: {from: 1, to: steadyEnd(count, 1000)}, values: {low: 1, high: 3, leastPositive: 1}, columns: 53, rows: 13});
		const changed = rows(150).flatMap((line, row) => [...line].filter((sign, column) => sign !== rows(151)[row]![column]));
		expect(changed.length).toBeLessThan(6);
	});
});

describe('several curves on one scale', () => {
	test('are as large as asked for, the lower values lower', () => {
		const [high, low, none] = drawSparklines([steps([0.9, 0.9]), steps([0.1, 0.1]), []], {columns: 10, rows: 2, unicode: true, smoothing: 10, steps: {from: 1, to: 2}});
		expect(high).toMatchObject({rows: ['⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉', '          ']});
		expect(low!.rows[0]!.trim()).toBe('');
		expect(low!.rows[1]).toMatch(/^[⠤⣀⠒]{10}$/);
		expect(none).toEqual({rows: ['          ', '          '], last: undefined});
		expect(low!.last).toBeCloseTo(0.1);
	});

	test('that are compared share the range of all their values', () => {
		expect(valueRange(steps([0.5, null, 0.2]), steps([-1, 3]))).toEqual({low: -1, high: 3, leastPositive: 0.2});
		expect(valueRange(steps([null]), [])).toBeUndefined();
	});
});
