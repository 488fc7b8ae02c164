import {describe, expect, test} from 'vitest';
import {layout, pairAreas, SEPARATOR_COLUMNS, tooSmallMessage, type DashboardLayout} from '../../../src/tui/dashboard/layout.ts';

const FIXED_ROWS = 6;

describe('every size from 60x16 to 200x60', () => {
	const sizes = Array.from({length: 141 * 45}, (_, index) => ({columns: 60 + (index % 141), rows: 16 + Math.floor(index / 141)}));

	test.each([[true, 0], [true, 4], [false, 1], [false, 30]])('is filled exactly, and nothing overlaps (pictures %s, %i rows of messages)', (pictures, messageRows) => {
		const wrong = sizes.filter(({columns, rows}) => {
			const areas = layout(columns, rows, {pictures, messageRows})!;
			return FIXED_ROWS + areas.body.rows + areas.messageRows + areas.logRows !== rows
				|| areas.chart.columns + (areas.picture ? areas.picture.columns + SEPARATOR_COLUMNS : 0) !== columns
				|| areas.chart.columns < columns / 2
				|| areas.chart.rows < 7
				|| areas.chart.rows + (areas.secondChart ? areas.secondChart.rows + 1 : 0) !== areas.body.rows
				|| (areas.secondChart?.columns ?? areas.chart.columns) !== areas.chart.columns
				|| (areas.secondChart?.rows ?? 6) < 6
				|| (areas.picture?.rows ?? 0) >= areas.body.rows
				|| areas.messageRows > messageRows
				|| areas.logRows < 0;
		});
		expect(wrong).toEqual([]);
	});

	test('shows more when it is larger', () => {
		for (let size = 0; size < 40; size++) {
			const [small, large] = [layout(80 + size * 3, 20 + size, {pictures: true, messageRows: 0})!, layout(83 + size * 3, 21 + size, {pictures: true, messageRows: 0})!];
			const drawn = ({chart, secondChart}: DashboardLayout): number => chart.columns * (chart.rows + (secondChart?.rows ?? 0));
			expect(drawn(large)).toBeGreaterThan(drawn(small));
			expect(large.picture!.columns).toBeGreaterThanOrEqual(small.picture!.columns);
		}
	});
});

test('80x24 has the curve and a picture of 24x12 side by side', () => {
	expect(layout(80, 24, {pictures: true, messageRows: 0})).toEqual({
		columns: 80, body: {columns: 80, rows: 13}, chart: {columns: 53, rows: 13}, secondChart: undefined, picture: {columns: 24, rows: 12}, messageRows: 0, logRows: 5,
	});
});

test('below 80 columns and without pictures the curve has the whole width', () => {
	expect(layout(79, 24, {pictures: true, messageRows: 0})).toMatchObject({chart: {columns: 79}, picture: undefined});
	expect(layout(120, 40, {pictures: false, messageRows: 0})).toMatchObject({chart: {columns: 120}, picture: undefined});
});

test('a tall terminal has a second chart under the first, half as high', () => {
	expect(layout(120, 40, {pictures: true, messageRows: 0})).toMatchObject({body: {rows: 26}, chart: {rows: 18}, secondChart: {rows: 7}});
});

test.each([[80, 19], [61, 10], [200, 50]])('two pictures and their captions fit side by side in %ix%i', (columns, rows) => {
	const half = pairAreas({columns, rows});
	expect(2 * half.columns + SEPARATOR_COLUMNS).toBeLessThanOrEqual(columns);
	expect(2 * half.columns + SEPARATOR_COLUMNS).toBeGreaterThanOrEqual(columns - 1);
	expect(half.rows).toBe(rows - 1);
});

test.each([[59, 16], [60, 15], [20, 5], [1, 1]])('%ix%i is too small and says what is needed', (columns, rows) => {
	expect(layout(columns, rows, {pictures: true, messageRows: 0})).toBeUndefined();
	expect(tooSmallMessage(columns, rows)).toContain(`${columns}x${rows}; the dashboard needs 60x16`);
});
