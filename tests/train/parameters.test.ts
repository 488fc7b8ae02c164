import {afterAll, describe, expect, it} from 'vitest';
import {readVariable} from '../../src/train/graph/index.ts';
import type {Declaration} from '../../src/train/nn/index.ts';
import {Parameters} from '../../src/train/parameters.ts';
import {normals} from '../../src/train/random.ts';

/** The last convolution is large enough for a variable of its own, the others share one. */
const declarations: readonly Declaration[] = [
	{name: 'small.weight', shape: [5, 4, 3, 3], layout: 'convolution'},
	{name: 'pointwise.weight', shape: [6, 5, 1, 1], layout: 'pointwise'},
	{name: 'linear.weight', shape: [7, 3], layout: 'same'},
	{name: 'large.weight', shape: [180, 170, 3, 3], layout: 'convolution'},
];
const values = new Map(declarations.map(({name, shape}) => [name, normals(shape.reduce((a, b) => a * b, 1), {seed: 2, stream: name})]));
const source = {readFloat32: (name: string) => values.get(name) as Float32Array};
const made: Parameters[] = [];
const keep = (parameters: Parameters) => {
	made.push(parameters);
	return parameters;
};
afterAll(() => made.forEach(parameters => parameters.dispose()));

const contents = (parameters: Parameters) => new Map(parameters.stored().map(({name, read}) => [name, Buffer.from(read().buffer).toString('base64')]));

describe('parameters on the device', () => {
	it('share a variable when they are small, and have their own when they are large', async () => {
		const parameters = keep(await Parameters.load('shared', declarations, source));
		expect(parameters.blocks.map(({members}) => members.map(({declaration}) => declaration.name))).toEqual([['small.weight', 'pointwise.weight', 'linear.weight'], ['large.weight']]);
		expect(parameters.size).toBe(5 * 4 * 9 + 6 * 5 + 7 * 3 + 180 * 170 * 9);
	});

	it('hold convolutions as [height, width, in, out], those of the checkpoint being [out, in, height, width]', async () => {
		const parameters = keep(await Parameters.load('turned', declarations, source));
		for (const name of ['small.weight', 'large.weight']) {
			const [out, channels, height, width] = (declarations.find(each => each.name === name) as Declaration).shape;
			const block = parameters.blocks.find(({members}) => members.some(({declaration}) => declaration.name === name))!;
			const {offset} = block.members.find(({declaration}) => declaration.name === name)!;
			const device = readVariable(block.variable);
			const disk = values.get(name) as Float32Array;
			for (const [o, i, y, x] of [[0, 0, 0, 0], [out - 1, channels - 1, height - 1, width - 1], [3, 1, 2, 0], [1, 3, 0, 2]]) {
				expect(device[offset + ((y * width + x) * channels + i) * out + o]).toBe(disk[((o * channels + i) * height + y) * width + x]);
			}
		}
	});

	it('come back as they were read, also out of a copy, and after being overwritten', async () => {
		const expected = new Map([...values].map(([name, floats]) => [name, Buffer.from(floats.buffer).toString('base64')]));
		const parameters = keep(await Parameters.load('returned', declarations, source));
		const copy = keep(parameters.copy('copy'));
		const restored = keep(parameters.zeros('zeros'));
		expect(restored.stored().every(({read}) => read().every(value => value === 0))).toBe(true);
		await restored.restore(source);
		for (const set of [parameters, copy, restored]) expect(contents(set)).toEqual(expected);
	});

	it('refuse values of another number by name', async () => {
		await expect(Parameters.load('short', declarations, {readFloat32: name => source.readFloat32(name).subarray(1)})).rejects.toThrow('small.weight holds 180 values, not 179.');
	});
});
