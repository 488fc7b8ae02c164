import {describe, expect, test} from 'vitest';
import {epochOrder, pairedClassImage} from '../../../src/train/data/index.ts';

const epochImages = (order: ReturnType<typeof epochOrder>, epoch: number) =>
	Array.from({length: order.batchesPerEpoch}, (_, i) => order.batch(epoch * order.batchesPerEpoch + i)).flatMap(({images, fresh}) => [...images.subarray(0, fresh)]);

describe('epochOrder', () => {
	test.each([[20, 1], [20, 4], [7, 3], [2, 5], [1, 1]])('with %s images and batches of %s every epoch shows every image once', (images, batchSize) => {
		const order = epochOrder({images, batchSize, seed: 3});
		for (const epoch of [0, 1, 17]) expect(epochImages(order, epoch).sort((a, b) => a - b)).toEqual(Array.from({length: images}, (_, i) => i));
	});

	test('epochs and seeds have orders of their own', () => {
		const order = epochOrder({images: 20, batchSize: 4, seed: 3});
		expect(epochImages(order, 0)).not.toEqual(epochImages(order, 1));
		expect(epochImages(epochOrder({images: 20, batchSize: 4, seed: 4}), 0)).not.toEqual(epochImages(order, 0));
	});

	test('any batch of the run is the same whether or not the ones before it were asked for', () => {
		const straight = epochOrder({images: 7, batchSize: 3, seed: 3});
		const batches = Array.from({length: 12}, (_, k) => straight.batch(k));
		expect(epochOrder({images: 7, batchSize: 3, seed: 3}).batch(11)).toEqual(batches[11]);
		expect(straight.batch(0)).toEqual(batches[0]);
	});

	test('a last batch that is not full is filled with images of its own epoch, and says how many are fresh', () => {
		const order = epochOrder({images: 7, batchSize: 3, seed: 3});
		const [first, , last] = [0, 1, 2].map(k => order.batch(k));
		expect(last).toMatchObject({epoch: 0, fresh: 1});
		expect([...last.images.subarray(1)]).toEqual([...first.images.subarray(0, 2)]);
		expect(order.batch(3)).toMatchObject({epoch: 1, fresh: 3});
	});
});

test('the class image beside an instance image is any of them, the same again for the same place in the run', () => {
	const draw = (batch: number, row: number) => pairedClassImage(5, {seed: 1, batch, row});
	const drawn = Array.from({length: 100}, (_, batch) => draw(batch, 0));
	expect(new Set(drawn)).toEqual(new Set([0, 1, 2, 3, 4]));
	expect(Array.from({length: 100}, (_, batch) => draw(batch, 0))).toEqual(drawn);
	expect(Array.from({length: 100}, (_, batch) => draw(batch, 1))).not.toEqual(drawn);
});
