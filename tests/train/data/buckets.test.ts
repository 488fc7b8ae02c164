import {describe, expect, test} from 'vitest';
import {bucketOf, bucketSizes, cutOff, fewerSizes, sizeName, type Size} from '../../../src/train/data/index.ts';

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

test.each([[1000, 1000, '512x512'], [3000, 2000, '576x384'], [2000, 3000, '384x576'], [1920, 1080, '640x384'], [2000, 1000, '704x320'], [1600, 1000, '640x384'], [100, 5000, '320x704']])('a photo of %dx%d goes into the bucket that least is cut off for', (width, height, bucket) => {
	/** Pixels of the photo that the largest part of it with the bucket's proportions has. */
	const kept = (size: Size) => Math.min(width, (height * size.width) / size.height) * Math.min(height, (width * size.height) / size.width);
	const found = bucketOf({width, height}, bucketSizes(512, 64));
	for (const other of bucketSizes(512, 64)) expect(kept(found)).toBeGreaterThanOrEqual(kept(other));
	expect(cutOff({width, height}, found)).toBeCloseTo(1 - kept(found) / (width * height), 10);
	expect(sizeName(found)).toBe(bucket);
});

describe('fewer buckets', () => {
	const sizes = bucketSizes(512, 64);
	const photos = (count: number, width: number, height: number): Size[] => Array.from({length: count}, () => ({width, height}));
	const kept = (images: readonly Size[], most: number) => fewerSizes(images, sizes, most).map(sizeName);

	test('merge the rare shapes into the nearest of those that are kept', () => {
		const images = [...photos(10, 1000, 1000), ...photos(1, 1140, 1000), ...photos(9, 3000, 2000), ...photos(1, 1920, 1080), ...photos(8, 2000, 3000)];
		const three = fewerSizes(images, sizes, 3);
		expect(three.map(sizeName)).toEqual(['512x512', '576x384', '384x576']);
		expect([{width: 1140, height: 1000}, {width: 1920, height: 1080}, {width: 100, height: 300}].map(image => sizeName(bucketOf(image, three)))).toEqual(['512x512', '576x384', '384x576']);
	});

	test('are those that cut least off all images together', () => {
		const images = [...photos(4, 1000, 1000), ...photos(3, 1140, 1000), ...photos(2, 1000, 1140), ...photos(2, 3000, 2000), ...photos(1, 2000, 1000), ...photos(2, 1080, 1920)];
		const lost = (chosen: readonly Size[]) => images.reduce((sum, image) => sum + Math.min(...chosen.map(size => cutOff(image, size))), 0);
		const used = sizes.filter(size => images.some(image => bucketOf(image, sizes) === size));
		const chosen = fewerSizes(images, sizes, 3);
		expect(chosen).toHaveLength(3);
		for (const a of used) for (const b of used) for (const c of used) expect(lost([a, b, c])).toBeGreaterThanOrEqual(lost(chosen) - 1e-9);
	});

	test('do not depend on the order of the images', () => {
		const images = [...photos(1, 1000, 1000), ...photos(1, 3000, 2000), ...photos(1, 2000, 3000), ...photos(1, 2000, 1000), ...photos(1, 1000, 2000)];
		for (let turn = 0; turn < images.length; turn++) expect(kept([...images.slice(turn), ...images.slice(0, turn)], 2)).toEqual(kept(images, 2));
	});

	test('are all of them without a limit, or where no more are used', () => {
		const images = [...photos(1, 1000, 1000), ...photos(1, 3000, 2000), ...photos(1, 2000, 1000)];
		expect(kept(images, 0)).toEqual(names(512, 64));
		expect(kept(images, 3)).toEqual(names(512, 64));
		expect(kept(images, 2)).toHaveLength(2);
	});
});
