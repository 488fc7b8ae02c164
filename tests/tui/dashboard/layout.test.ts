import {describe, expect, test} from 'vitest';
import {layout, SEPARATOR_COLUMNS, tooSmallMessage} from '../../../src/tui/dashboard/layout.ts';

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
				|| (areas.picture?.rows ?? 0) >= areas.body.rows
				|| areas.messageRows > messageRows
				|| areas.logRows < 0;
		});
		expect(wrong).toEqual([]);
	});

	test('shows more when it is larger', () => {
		for (let size = 0; size < 40; size++) {
			const [small, large] = [layout(80 + size * 3, 20 + size, {pictures: true, messageRows: 0})!, layout(83 + size * 3, 21 + size, {pictures: true, messageRows: 0})!];
			expect(large.chart.columns * large.chart.rows).toBeGreaterThan(small.chart.columns * small.chart.rows);
			expect(large.picture!.columns).toBeGreaterThanOrEqual(small.picture!.columns);
		}
	});
});

test('80x24 has the curve and a picture of 24x12 side by side', () => {
	expect(layout(80, 24, {pictures: true, messageRows: 0})).toEqual({
		columns: 80, body: {columns: 80, rows: 13}, chart: {columns: 53, rows: 13}, picture: {columns: 24, rows: 12}, messageRows: 0, logRows: 5,
	});
});

test('below 80 columns and without pictures the curve has the whole width', () => {
	expect(layout(79, 24, {pictures: true, messageRows: 0})).toMatchObject({chart: {columns: 79}, picture: undefined});
	expect(layout(120, 40, {pictures: false, messageRows: 0})).toMatchObject({chart: {columns: 120}, picture: undefined});
});

test.each([[59, 16], [60, 15], [20, 5], [1, 1]])('%ix%i is too small and says what is needed', (columns, rows) => {
	expect(layout(columns, rows, {pictures: true, messageRows: 0})).toBeUndefined();
	expect(tooSmallMessage(columns, rows)).toContain(`${columns}x${rows}; the dashboard needs 60x16`);
});
