import {expect, test} from 'vitest';
import {compareLayout} from '../../../src/tui/compare/compare-layout.ts';
import {SEPARATOR_COLUMNS} from '../../../src/tui/dashboard/index.ts';

const FIXED_ROWS = 6;
const sizes = Array.from({length: 141 * 45}, (_, index) => ({columns: 60 + (index % 141), rows: 16 + Math.floor(index / 141)}));

test.each([[true, 0], [true, 3], [false, 1], [true, 40]])('every size from 60x16 to 200x60 is filled exactly (pictures %s, %i settings differ)', (pictures, differences) => {
	const wrong = sizes.filter(({columns, rows}) => {
		const {half, chart, picture, differenceRows} = compareLayout(columns, rows, {pictures, differences})!;
		return FIXED_ROWS + chart.rows + (picture ? picture.rows + 2 : 0) + differenceRows !== rows
			|| 2 * half + SEPARATOR_COLUMNS > columns
			|| chart.columns !== half
			|| chart.rows < 5
			|| (picture !== undefined && (picture.rows < 5 || picture.columns > half))
			|| differenceRows > differences;
	});
	expect(wrong).toEqual([]);
});

test('80x24 has charts and pictures; without pictures the charts have their room; too small is too small', () => {
	expect(compareLayout(80, 24, {pictures: true, differences: 2})).toEqual({half: 38, chart: {columns: 38, rows: 7}, picture: {columns: 38, rows: 7}, differenceRows: 2});
	expect(compareLayout(80, 24, {pictures: false, differences: 2})).toMatchObject({chart: {rows: 16}, picture: undefined});
	expect(compareLayout(59, 24, {pictures: true, differences: 0})).toBeUndefined();
});
