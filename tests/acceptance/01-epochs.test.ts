import {describe, expect, it} from 'vitest';
import {defaultConfig} from '../../src/presets/index.ts';
import {Batches, type TrainingImage} from '../../src/train/batches.ts';
import {bucketOf, bucketSizes} from '../../src/train/data/index.ts';
import {uniformInt} from '../../src/train/random.ts';

const seed = 11;

/** Photos of all proportions, of two concepts. */
function photos(count: number, crop: 'center' | 'none'): TrainingImage[] {
	const sizes = crop === 'none' ? bucketSizes(512, 64) : [{width: 512, height: 512}];
	return Array.from({length: count}, (_, i) => {
		const side = (stream: string) => 500 + uniformInt(1000, {seed, stream, step: i});
		return {file: `${i}`, prompt: '', concept: i % 3 === 0 ? 1 : 0, ...bucketOf({width: side('width'), height: side('height')}, sizes)};
	});
}

describe('1. every instance image is seen exactly once per epoch', () => {
	const counts = [1, 5, 13, 20];
	const cuts = [[1, 1], [4, 1], [1, 4], [3, 2], [7, 1], [32, 1]] as const;
	for (const crop of ['center', 'none'] as const) {
		it.each(counts.flatMap(count => cuts.map(([batchSize, gradientAccumulation]) => ({count, batchSize, gradientAccumulation}))))(`crop ${crop}, $count images in batches of $batchSize, $gradientAccumulation a step`, ({count, batchSize, gradientAccumulation}) => {
			const instance = photos(count, crop);
			const batches = new Batches({instance, classImages: []}, {...defaultConfig(), seed, crop, batchSize, gradientAccumulation});
			const epochs = 4;
			const steps = Math.ceil((epochs * count) / (batchSize * gradientAccumulation));
			const rows = Array.from({length: steps}, (_, step) => batches.ofStep(step)).flat().flatMap(batch => batch.rows);
			expect(rows).toHaveLength(steps * batchSize * gradientAccumulation);
			// In the order of their numbers: a step with several buckets takes them apart.
			const seen = [...rows].sort((a, b) => a.draw.step - b.draw.step).map(({image}) => image.file);
			for (let epoch = 0; epoch < epochs; epoch++) expect(new Set(seen.slice(epoch * count, (epoch + 1) * count)).size).toBe(count);
		});
	}

	it('in an order of its own in each epoch, the same in every process', () => {
		const orders = () => {
			const batches = new Batches({instance: photos(20, 'none'), classImages: []}, {...defaultConfig(), seed, crop: 'none'});
			return Array.from({length: 80}, (_, step) => batches.ofStep(step)[0].rows[0].image.file);
		};
		const seen = orders();
		expect(orders()).toEqual(seen);
		expect(new Set([0, 1, 2, 3].map(epoch => seen.slice(20 * epoch, 20 * (epoch + 1)).join())).size).toBe(4);
	});
});
