import {expect, test, vi} from 'vitest';
import type {Declaration} from '../../../src/train/nn/index.ts';
import {Parameters} from '../../../src/train/parameters.ts';
import {normals} from '../../../src/train/random.ts';
import {fixturesFolder, format, passed} from '../../golden/check.ts';
import {unetSections} from '../../golden/unet.ts';

/** As on a GPU: the convolutions of the CPU are told through the same two turns. */
vi.mock('../../../src/train/nn/filter-order.ts', () => ({
	filterOrder: () => ({name: 'ohwi', fromDisk: [0, 2, 3, 1], toOperation: [1, 2, 3, 0], fromOperation: [3, 0, 1, 2]}),
}));

test('with the filters as a GPU holds them the UNet and its gradients agree with the reference implementation', async () => {
	const [, tiny] = unetSections;
	const checks = [];
	for await (const check of tiny.run(fixturesFolder)) checks.push(check);
	expect(checks.filter(check => !passed(check)).map(format)).toEqual([]);
	expect(checks.length).toBeGreaterThan(2);
});

test('such filters come back as they were read, alone and sharing a variable', async () => {
	const declarations: readonly Declaration[] = [
		{name: 'small.weight', shape: [5, 4, 3, 3], layout: 'convolution'},
		{name: 'large.weight', shape: [180, 170, 3, 3], layout: 'convolution'},
	];
	const values = new Map(declarations.map(({name, shape}) => [name, normals(shape.reduce((a, b) => a * b, 1), {seed: 3, stream: name})]));
	const parameters = await Parameters.load('turned', declarations, {readFloat32: name => values.get(name) as Float32Array});
	expect(parameters.blocks.map(({variable}) => variable.shape)).toEqual([[180], [180, 3, 3, 170]]);
	for (const {name, read} of parameters.stored()) expect(Buffer.from(read().buffer).equals(Buffer.from(values.get(name)!.buffer)), name).toBe(true);
	parameters.dispose();
});
