import {describe, expect, test} from 'vitest';
import {visibleRows} from '../../src/tui/list.tsx';
import {wrapText} from '../../src/tui/page.tsx';

describe('text in lines', () => {
	test.each([
		['a short one', 20, ['a short one']],
		['broken at a blank', 10, ['broken at', 'a blank']],
		['averylongwordwithoutanyblank', 10, ['averylongw', 'ordwithout', 'anyblank']],
		['学习率学习率', 6, ['学习率', '学习率']],
		['', 5, ['']],
	])('%j in %d columns', (text, columns, lines) => {
		expect(wrapText(text, columns)).toEqual(lines);
	});
});

describe('the part of a list that is shown', () => {
	test.each([
		[{count: 3, cursor: 2, rows: 10}, {first: 0, end: 3}],
		[{count: 100, cursor: 0, rows: 10}, {first: 0, end: 10}],
		[{count: 100, cursor: 50, rows: 10}, {first: 45, end: 55}],
		[{count: 100, cursor: 99, rows: 10}, {first: 90, end: 100}],
		[{count: 0, cursor: 0, rows: 10}, {first: 0, end: 0}],
	])('%j', (list, shown) => {
		expect(visibleRows(list)).toEqual(shown);
	});
});
