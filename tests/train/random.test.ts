import {describe, expect, test} from 'vitest';
import {normals, permutation, philox, uniformInt, uniforms} from '../../src/train/random.ts';

function block(key: [number, number], counter: [number, number, number, number]): string {
	const words = new Int32Array(4);
	philox(words, ...key, ...counter);
	return [...words].map(word => (word >>> 0).toString(16).padStart(8, '0')).join(' ');
}

describe('Philox4x32-10', () => {
	// Known answers published with the authors' Random123 library (kat_vectors).
	test.each([
		{key: [0, 0], counter: [0, 0, 0, 0], answer: '6627e8d5 e169c58d bc57ac4c 9b00dbd8'},
		{key: [0xffffffff, 0xffffffff], counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], answer: '408f276d 41c83b0e a20bc7c6 6d5451fd'},
		{key: [0xa4093822, 0x299f31d0], counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], answer: 'd16cfe09 94fdcceb 5001e420 24126ea1'},
	] as const)('gives the published block for key $key', ({key, counter, answer}) => {
		expect(block([...key], [...counter])).toBe(answer);
	});
});

describe('uniforms', () => {
	test('fill [0, 1) evenly, differently for every key', () => {
		const count = 100_000;
		const values = uniforms(count, {seed: 7, stream: 'weights'});
		const tenths = Array.from({length: 10}, (_, tenth) => values.filter(value => Math.floor(value * 10) === tenth).length);
		expect(tenths.reduce((sum, found) => sum + found)).toBe(count);
		// Five standard deviations of a binomial count.
		for (const found of tenths) expect(Math.abs(found - count / 10)).toBeLessThan(5 * Math.sqrt(count * 0.1 * 0.9));
		expect(uniforms(5, {seed: 7, stream: 'weights'})).toEqual(values.slice(0, 5));
		expect(uniforms(5, {seed: 7, stream: 'other weights'})).not.toEqual(values.slice(0, 5));
	});
});

describe('normals', () => {
	const key = {seed: 7, stream: 'noise', step: 3, index: 1};

	test('have the moments and tails of N(0, 1)', () => {
		const count = 400_000;
		const values = normals(count, key);
		const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / count;
		// Four standard errors of each estimate.
		expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(count));
		expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
		expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / count));
		expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / count));
		const beyondTwo = values.filter(value => Math.abs(value) > 2).length / count;
		expect(Math.abs(beyondTwo - 0.0455)).toBeLessThan(4 * Math.sqrt(0.0455 / count));
	});

	test('are the same for the same key, and a shorter draw is the beginning of a longer one', () => {
		expect(normals(10, key)).toEqual(normals(10, key));
		expect(normals(7, key)).toEqual(normals(10, key).subarray(0, 7));
	});

	test.each([
		['seed', {seed: 8}], ['a seed that differs only above 2^32', {seed: 7 + 2 ** 32}], ['stream', {stream: 'timestep'}], ['step', {step: 4}], ['index', {index: 2}],
	])('are independent when the %s differs', (_, change) => {
		const count = 20_000;
		const first = normals(count, key);
		const second = normals(count, {...key, ...change});
		const correlation = first.reduce((sum, value, i) => sum + value * second[i], 0) / count;
		expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(count));
	});

	test('neighbouring values are uncorrelated, sines and cosines of one angle included', () => {
		const values = normals(100_000, key);
		for (const distance of [1, 2, 3, 4]) {
			let sum = 0;
			for (let i = distance; i < values.length; i++) sum += values[i] * values[i - distance];
			expect(Math.abs(sum / values.length)).toBeLessThan(4 / Math.sqrt(values.length));
		}
	});

	test('a seed that is no whole number is refused', () => {
		expect(() => normals(1, {seed: 0.5, stream: 'noise'})).toThrow('0.5');
	});
});

describe('uniformInt', () => {
	test('covers 0 … bound−1 evenly', () => {
		const counts = Array.from({length: 10}, () => 0);
		for (let step = 0; step < 10_000; step++) counts[uniformInt(10, {seed: 1, stream: 'timestep', step})]++;
		for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt(900));
	});

	test.each([0, -1, 1.5, 2 ** 33])('refuses the bound %s', bound => {
		expect(() => uniformInt(bound, {seed: 1, stream: 'timestep'})).toThrow(RangeError);
	});
});

describe('permutation', () => {
	test('holds every number once', () => {
		expect([...permutation(1000, {seed: 5, stream: 'epoch order'})].sort((a, b) => a - b)).toEqual(Array.from({length: 1000}, (_, i) => i));
	});

	test('all orders are equally likely', () => {
		const counts = new Map<string, number>();
		for (let step = 0; step < 6000; step++) {
			const order = permutation(3, {seed: 5, stream: 'epoch order', step}).join('');
			counts.set(order, (counts.get(order) ?? 0) + 1);
		}
		expect(counts.size).toBe(6);
		for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt(833));
	});
});
