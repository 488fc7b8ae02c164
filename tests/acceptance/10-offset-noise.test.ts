import {expect, it} from 'vitest';
import {normals} from '../../src/train/random.ts';
import {addOffsets} from '../../src/train/step-runner.ts';

const [rows, side, channels] = [500, 8, 4];
const area = side * side;

function noiseWith(strength: number): Float32Array {
	const noise = normals(rows * area * channels, {seed: 1, stream: 'noise'});
	addOffsets(noise, strength, normals(rows * channels, {seed: 1, stream: 'offset noise'}), {area, channels});
	return noise;
}

function varianceOfChannelMeans(noise: Float32Array): number {
	const means = new Float64Array(rows * channels);
	noise.forEach((value, i) => (means[Math.floor(i / (area * channels)) * channels + (i % channels)] += value / area));
	return means.reduce((sum, mean) => sum + mean * mean, 0) / means.length;
}

it('10. offset 0 is plain noise', () => {
	expect(noiseWith(0)).toEqual(normals(rows * area * channels, {seed: 1, stream: 'noise'}));
});

it('10. offset o gives a per-channel mean of variance o² + 1/(h·w)', () => {
	for (const strength of [0.1, 0.3]) {
		const expected = strength ** 2 + 1 / area;
		expect(Math.abs(varianceOfChannelMeans(noiseWith(strength)) / expected - 1)).toBeLessThan(0.1);
	}
});
