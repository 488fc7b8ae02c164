import {describe, expect, it} from 'vitest';
import {defaultConfig} from '../../src/presets/index.ts';
import {Batches, type BatchConfig, type Row, type TrainingImage, type TrainingSet} from '../../src/train/batches.ts';

const [square, wide, tall] = [{width: 64, height: 64}, {width: 96, height: 64}, {width: 64, height: 96}];
const images = (count: number, size: typeof square, {concept = 0, kind = 'instance'} = {}): TrainingImage[] => Array.from({length: count}, (_, i) => ({file: `${kind} ${concept} ${size.width}x${size.height} ${i}`, prompt: 'a, b, c, d, e', concept, ...size}));

/** 11 photos of two subjects in three buckets. */
const mixed: TrainingSet = {
	instance: [...images(5, square), ...images(3, wide), ...images(1, tall), ...images(2, square, {concept: 1})],
	classImages: [...images(10, square, {kind: 'class'}), ...images(6, wide, {kind: 'class'})],
};
const config = (changes: Partial<BatchConfig> = {}): BatchConfig => ({...defaultConfig(), seed: 7, horizontalFlip: true, crop: 'none', ...changes});
const stepsOf = (set: TrainingSet, settings: BatchConfig, count: number) => Array.from({length: count}, (_, step) => new Batches(set, settings).ofStep(step));
const rowsOf = (set: TrainingSet, settings: BatchConfig, count: number): Row[] => stepsOf(set, settings, count).flat().flatMap(({rows}) => rows);

describe('micro-batches', () => {
	it('hold one bucket and one concept each, and no more instance images than the batch size', () => {
		for (const batchSize of [1, 2, 3, 4]) {
			for (const {rows, width, height, places} of stepsOf(mixed, config({batchSize, gradientAccumulation: 2}), 12).flat()) {
				expect(new Set(rows.map(({image}) => `${image.width}x${image.height} ${image.concept}`))).toEqual(new Set([`${width}x${height} ${rows[0].image.concept}`]));
				const instances = rows.filter(({kind}) => kind === 'instance').length;
				expect(instances).toBeLessThanOrEqual(batchSize);
				expect(places).toBe(rows.length > instances ? 2 * batchSize : batchSize);
			}
		}
	});

	it('hold whole steps of one bucket where there are enough images of it', () => {
		const set = {instance: [...images(8, square), ...images(4, wide)], classImages: []};
		expect(stepsOf(set, config({batchSize: 4}), 3).map(({length}) => length)).toEqual([1, 1, 1]);
	});

	it('pair an instance image with a class image of its concept and bucket, and leave it alone where there is none', () => {
		const rows = rowsOf(mixed, config(), 44);
		const partner = new Map(rows.filter(({kind}) => kind === 'class').map(row => [row.draw.step, row.image]));
		for (const {image: {concept, width, height}, draw} of rows.filter(({kind}) => kind === 'instance')) {
			const of = partner.get(draw.step);
			if (concept === 1 || height > width) expect(of).toBeUndefined();
			else expect(of).toMatchObject({concept, width, height});
		}
		expect(new Set([...partner.values()].map(({file}) => file)).size).toBeGreaterThan(12);
	});

	it('hold one image each where prompts are not padded', () => {
		const steps = stepsOf(mixed, config({padTokens: false}), 22);
		expect(steps.flat().every(({rows, places}) => rows.length === 1 && places === 1)).toBe(true);
		expect(steps.flat().map(({rows: [{image, draw}]}) => [image.file, draw])).toEqual(rowsOf(mixed, config(), 22).map(({image, draw}) => [image.file, draw]));
	});

	it('without buckets mix concepts and are always full', () => {
		const set = {instance: [...images(3, square), ...images(4, square, {concept: 1})], classImages: images(5, square, {kind: 'class'})};
		const steps = stepsOf(set, config({crop: 'center', batchSize: 2}), 7);
		expect(steps.every(micros => micros.length === 1 && micros[0].rows.filter(({kind}) => kind === 'instance').length === 2 && micros[0].places === 4)).toBe(true);
		expect(steps.some(([{rows}]) => rows[0].image.concept !== rows[1].image.concept)).toBe(true);
	});
});

describe('a step', () => {
	it('sees the same images with the same prompts, mirrored or not, beside the same class images, however it is cut', () => {
		const described = (settings: Partial<BatchConfig>) => stepsOf(mixed, config(settings), 9).map(micros => micros.flatMap(({rows}) => rows).map(({image, draw, flipped, prompt}) => JSON.stringify([image.file, draw, flipped, prompt])).sort());
		const whole = described({batchSize: 4, tagDropout: 0.2});
		for (const batchSize of [1, 2]) expect(described({batchSize, gradientAccumulation: 4 / batchSize, tagDropout: 0.2})).toEqual(whole);
	});

	it('is another with another seed, and every epoch has an order of its own', () => {
		const files = (seed: number) => rowsOf({...mixed, classImages: []}, config({seed}), 22).map(({image}) => image.file);
		expect(files(8)).not.toEqual(files(7));
		expect(files(7).slice(11)).not.toEqual(files(7).slice(0, 11));
	});
});
