import {describe, expect, test} from 'vitest';
import {bucketOf, bucketSizes, sizeName} from '../../../src/train/data/index.ts';

const names = (resolution: number, step: number) => bucketSizes(resolution, step).map(sizeName);

describe('bucketSizes', () => {
	test('512 in steps of 64: the square, four wide ones and four tall ones', () => {
		expect(names(512, 64)).toEqual(['512x512', '512x448', '448x512', '576x384', '384x576', '640x384', '384x640', '704x320', '320x704']);
	});

	test('in steps of 8 they are the eleven of the extension', () => {
		const tall = ['360x720', '384x680', '416x624', '440x584', '456x568'];
		expect(names(512, 8).sort()).toEqual(['512x512', ...tall, ...tall.map(name => name.split('x').reverse().join('x'))].sort());
		expect(names(768, 8)).toEqual(expect.arrayContaining(['536x1080', '576x1024', '624x936', '664x880', '680x856', '768x768']));
	});

	test.each([[512, 64], [768, 64], [128, 32], [64, 32], [64, 64]])('none has more pixels than %d², and all sides are multiples of %d', (resolution, step) => {
		for (const {width, height} of bucketSizes(resolution, step)) {
			expect(width * height).toBeLessThanOrEqual(Math.max(resolution, step) ** 2);
			expect([width % step, height % step]).toEqual([0, 0]);
			expect(Math.min(width, height)).toBeGreaterThanOrEqual(step);
		}
	});
});

test.each([[1000, 1000, '512x512'], [3000, 2000, '576x384'], [2000, 3000, '384x576'], [1920, 1080, '640x384'], [2000, 1000, '704x320'], [1600, 1000, '640x384'], [100, 5000, '320x704']])('a photo of %dx%d goes into the bucket nearest in its proportions', (width, height, bucket) => {
	const ratio = (name: string) => Number(name.split('x')[0]) / Number(name.split('x')[1]);
	const found = sizeName(bucketOf({width, height}, bucketSizes(512, 64)));
	for (const other of names(512, 64)) expect(Math.abs(ratio(found) - width / height)).toBeLessThanOrEqual(Math.abs(ratio(other) - width / height));
	expect(found).toBe(bucket);
});
