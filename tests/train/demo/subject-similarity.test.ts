import fs from 'node:fs';
import path from 'node:path';
import {beforeAll, describe, expect, test} from 'vitest';
import {asset} from '../../../src/presets/index.ts';
import {Subject, type Similarity} from '../../../src/train/demo/index.ts';
import {drawn, photo, pictureOf, rainbow} from './pictures.ts';

let subject: Subject;

beforeAll(async () => {
	subject = await Subject.load(asset('demo', 'templates'));
});

describe('likeness to the demo\'s subject', () => {
	// Measured by the recipe's own program (numpy and torch) on the same files.
	test.each([
		[1, 0.79388, 0.95556, 0.83080],
		[2, 0.78364, 0.95098, 0.82403],
		[3, 0.67221, 0.90974, 0.73890],
		[4, 0.77815, 0.94840, 0.82048],
		[5, 0.79370, 0.95559, 0.83059],
	])('photo %i has the figures of the reference', async (number, similarity, correlation, colour) => {
		const found = subject.similarity(await photo(number));
		expect(found.similarity).toBeCloseTo(similarity, 4);
		expect(found.correlation).toBeCloseTo(correlation, 4);
		expect(found.colour).toBeCloseTo(colour, 4);
	});

	test('other renderings of the subject, which nothing was trained or tuned on, have the figures of the reference', async () => {
		const folder = path.join(import.meta.dirname, 'held-out');
		const reference = Object.entries(JSON.parse(fs.readFileSync(path.join(folder, 'similarities.json'), 'utf8')) as Record<string, Similarity>);
		const found = await Promise.all(reference.map(async ([file]) => subject.similarity(await pictureOf(path.join(folder, file)))));
		for (const [i, [, {similarity, correlation, colour}]] of reference.entries()) {
			expect(found[i].similarity).toBeCloseTo(similarity, 4);
			expect(found[i].correlation).toBeCloseTo(correlation, 4);
			expect(found[i].colour).toBeCloseTo(colour, 4);
		}
		const all = found.map(({similarity}) => similarity);
		expect(all.reduce((sum, value) => sum + value) / all.length).toBeCloseTo(0.747, 3);
		expect(Math.min(...all)).toBeGreaterThan(0.67);
	});

	test('a picture of something else has the figures of the reference, next to nothing', () => {
		const found = subject.similarity(rainbow);
		// Nothing stands out in it, so that rounding decides which place is taken.
		expect(found.similarity).toBeCloseTo(0.0038, 3);
		expect(found.correlation).toBeCloseTo(0.046, 2);
		expect(found.colour).toBeCloseTo(0.083, 2);
	});

	test('an even picture shows nothing of it', () => {
		expect(subject.similarity(drawn({width: 128, height: 128}, () => [0, 128, 128])).similarity).toBeLessThan(0.01);
	});

	test('is the same for a picture of twice the size', async () => {
		const small = await photo(1);
		const large = drawn({width: 256, height: 256}, (x, y) => {
			const at = ((y >> 1) * 128 + (x >> 1)) * 3;
			return [small.pixels[at], small.pixels[at + 1], small.pixels[at + 2]];
		});
		expect(subject.similarity(large).similarity).toBeCloseTo(subject.similarity(small).similarity, 6);
	});

	test('is found wherever it stands, and needs its colours', async () => {
		const {pixels} = await photo(1);
		const at = (x: number, y: number) => (Math.min(127, Math.max(0, y)) * 128 + Math.min(127, Math.max(0, x))) * 3;
		const moved = drawn({width: 128, height: 128}, (x, y) => [...pixels.subarray(at(x + 10, y), at(x + 10, y) + 3)] as [number, number, number]);
		expect(subject.similarity(moved).similarity).toBeGreaterThan(0.7);
		const otherColours = drawn({width: 128, height: 128}, (x, y) => [pixels[at(x, y) + 2], pixels[at(x, y)], pixels[at(x, y) + 1]]);
		expect(subject.similarity(otherColours).similarity).toBeLessThan(0.12);
	});
});
