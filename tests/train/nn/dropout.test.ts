import {describe, expect, it} from 'vitest';
import {compile, type Mode} from '../../../src/train/graph/index.ts';
import {dropped, gradients, reshape} from '../../../src/train/nn/index.ts';

const rate = 0.3;
const inner = [17, 24] as const;
const size = inner[0] * inner[1];

/** Ones with some left out, and the gradient of their sum. */
function drop(keys: readonly number[], {module = 'down.to_q', mode = 'graph'}: {module?: string; mode?: Mode} = {}) {
	const shape = [keys.length, ...inner];
	const compiled = compile('dropout', inputs => {
		const {value, gradients: [gradient]} = gradients(() => reshape(dropped(inputs.x, module, {rate, keys: inputs.keys}), [-1]), [inputs.x]);
		return {value, gradient: gradient!};
	}, {x: {shape, dtype: 'float32'}, keys: {shape: [keys.length], dtype: 'int32'}}, {mode});
	const {value, gradient} = compiled.call({x: new Float32Array(keys.length * size).fill(1), keys: Int32Array.from(keys)});
	compiled.dispose();
	return {rows: keys.map((_, i) => value.subarray(i * size, (i + 1) * size)), value, gradient};
}

const many = Array.from({length: 40}, (_, i) => Math.imul(i + 1, 0x9e3779b1));
const share = (values: Float32Array) => values.filter(value => value === 0).length / values.length;
const agreement = (a: Float32Array, b: Float32Array) => a.filter((value, i) => (value === 0) === (b[i] === 0)).length / a.length;

describe('dropout', () => {
	it('leaves out the share asked for, and keeps the sum as it was', () => {
		const {value} = drop(many);
		expect(new Set(value)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
		expect(share(value)).toBeCloseTo(rate, 2);
		expect(value.reduce((sum, each) => sum + each, 0) / value.length).toBeCloseTo(1, 1);
	});

	it('leaves the same out of a row wherever it stands, and its gradient with it', () => {
		const {rows, value, gradient} = drop([7, -9, 123456789]);
		expect(gradient).toEqual(value);
		expect(drop([123456789]).rows[0]).toEqual(rows[2]);
		expect(drop([-9, 7]).rows).toEqual([rows[1], rows[0]]);
	});

	it('leaves others out of other rows, modules and places, as if by lot', () => {
		const chance = rate ** 2 + (1 - rate) ** 2;
		const {rows} = drop(many);
		const pairs = rows.slice(1).map((row, i) => agreement(row, rows[i]));
		expect(pairs.reduce((sum, each) => sum + each, 0) / pairs.length).toBeCloseTo(chance, 1);
		expect(Math.max(...pairs)).toBeLessThan(chance + 0.12);
		expect(agreement(drop([5]).rows[0], drop([5], {module: 'down.to_k'}).rows[0])).toBeLessThan(chance + 0.12);
		const next = rows.map(row => agreement(row.subarray(1), row.subarray(0, -1)));
		expect(next.reduce((sum, each) => sum + each, 0) / next.length).toBeCloseTo(chance, 1);
	});

	it.each<Mode>(['eager', 'xla'])('is the same to the bit in mode %s', mode => {
		expect(drop(many, {mode}).value).toEqual(drop(many).value);
	});
});
