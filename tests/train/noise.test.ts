import fs from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {describe, expect, test} from 'vitest';
import {drawNoise} from '../../src/train/draw-noise.ts';
import {normals} from '../../src/train/random.ts';
import {buildPrograms} from './processes/world.ts';

const keys = (count: number) => Array.from({length: count}, (_, step) => ({seed: 5, stream: 'noise', step, index: 0}));

describe('the noise of a step', () => {
	test('is that of its rows, one after another', () => {
		const drawn = drawNoise({count: 10, keys: keys(3)});
		expect([...drawn]).toEqual(keys(3).flatMap(key => [...normals(10, key)]));
	});

	test('is the same, whichever threads draw it', async () => {
		const programs = await buildPrograms({noise: 'src/train/noise-thread.ts', source: 'src/train/noise.ts'});
		const {NoiseSource} = await import(pathToFileURL(path.join(programs, 'source.js')).href) as typeof import('../../src/train/noise.ts');
		const source = new NoiseSource();
		try {
			// 129 rows do not divide evenly among threads.
			const [large, small] = [{count: 1024, keys: keys(129)}, {count: 1024, keys: keys(2)}];
			const [first, second, third] = await Promise.all([source.draw(large), source.draw({...large, count: 2048}), source.draw(small)]);
			expect(first).toEqual(drawNoise(large));
			expect(second).toEqual(drawNoise({...large, count: 2048}));
			expect(third).toEqual(drawNoise(small));
		} finally {
			source.close();
			fs.rmSync(programs, {recursive: true});
		}
	});
});
