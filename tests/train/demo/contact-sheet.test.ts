import {expect, test} from 'vitest';
import {contactSheet} from '../../../src/train/demo/index.ts';
import {drawn} from './pictures.ts';

test('a contact sheet has the pictures in rows, white between and after them', () => {
	const pictures = [10, 20, 30].map(red => drawn({width: 3, height: 2}, (x, y) => [red, x, y]));
	const {width, height, pixels} = contactSheet(pictures, {columns: 2, gap: 1});
	expect([width, height]).toEqual([9, 7]);
	const at = (x: number, y: number) => [...pixels.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
	expect(at(1, 1)).toEqual([10, 0, 0]);
	expect(at(7, 2)).toEqual([20, 2, 1]);
	expect(at(2, 5)).toEqual([30, 1, 1]);
	for (const [x, y] of [[0, 0], [4, 1], [1, 3], [8, 6], [5, 4], [7, 5]]) expect(at(x, y)).toEqual([255, 255, 255]);
});
