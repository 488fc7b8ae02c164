import {afterEach, describe, expect, it} from 'vitest';
import {compile, FLOAT32, readVariable, UINT8} from '../../src/train/graph/index.ts';
import type {Declaration} from '../../src/train/nn/index.ts';
import {adafactor, adamw, adamw8bit, lion8bit, type Optimizer} from '../../src/train/optim/index.ts';
import {OptimizerState} from '../../src/train/optimizer-state.ts';
import {Parameters} from '../../src/train/parameters.ts';
import {normals} from '../../src/train/random.ts';

const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);
const made: {dispose(): void}[] = [];
afterEach(() => made.splice(0).forEach(each => each.dispose()));
const keep = <T extends {dispose(): void}>(each: T): T => {
	made.push(each);
	return each;
};

async function loaded(declarations: readonly Declaration[]): Promise<Parameters> {
	const values = (name: string) => normals(sizeOf(declarations.find(each => each.name === name)!.shape), {seed: 5, stream: name});
	return keep(await Parameters.load('network', declarations, {readFloat32: values}));
}

describe('8-bit state on the device', () => {
	// Of 4096 values and more: 4096, 46080 in whole blocks, 5000 with a last block that is not full. The last stays in 32 bits.
	const declarations: readonly Declaration[] = [
		{name: 'linear.weight', shape: [64, 64], layout: 'same'},
		{name: 'convolution.weight', shape: [80, 64, 3, 3], layout: 'convolution'},
		{name: 'uneven.weight', shape: [100, 50], layout: 'same'},
		{name: 'linear.bias', shape: [300], layout: 'same'},
	];
	const blocks = 16 + 180 + 20;

	it.each<[string, Optimizer, number]>([
		['AdamW', adamw8bit({beta1: 0.9, beta2: 0.999, epsilon: 1e-8}), 2],
		['Lion', lion8bit({beta1: 0.9, beta2: 0.99}), 1],
	])('of %s takes a byte a value and 4 bytes a block', async (_, optimizer, moments) => {
		const state = keep(new OptimizerState(await loaded(declarations), optimizer));
		const variables = state.variables.flat();
		const values = (dtype: number) => variables.filter(variable => variable.dtype === dtype).reduce((sum, {shape}) => sum + sizeOf(shape), 0);
		expect(values(UINT8)).toBe(moments * blocks * 256);
		expect(values(FLOAT32)).toBe(moments * (blocks + 300));
		expect(state.bytes).toBe(values(UINT8) + 4 * values(FLOAT32));
	});

	it('is a quarter of what it is in 32 bits', async () => {
		const parameters = await loaded(declarations.slice(0, 2));
		const [wide, narrow] = [adamw, adamw8bit].map(made => keep(new OptimizerState(parameters, made({beta1: 0.9, beta2: 0.999, epsilon: 1e-8}))));
		expect(narrow.bytes / wide.bytes).toBeCloseTo((1 + 4 / 256) / 4, 6);
	});
});

describe('Adafactor on tensors that share a variable', () => {
	const declarations: readonly Declaration[] = [
		{name: 'convolution.weight', shape: [6, 5, 3, 3], layout: 'convolution'},
		{name: 'pointwise.weight', shape: [6, 5, 1, 1], layout: 'pointwise'},
		{name: 'linear.weight', shape: [7, 3], layout: 'same'},
		{name: 'linear.bias', shape: [11], layout: 'same'},
	];

	it.each(['eager', 'graph', 'xla'] as const)('treats each as torch would, by rows and columns of its kernels (%s)', async mode => {
		const optimizer = adafactor({form: 'transformers', scaleParameter: true});
		const parameters = await loaded(declarations);
		expect(parameters.blocks.length).toBe(1);
		const state = keep(new OptimizerState(parameters, optimizer));
		const expected = new Map(declarations.map(declaration => [declaration.name, new Reference(declaration.shape, normals(sizeOf(declaration.shape), {seed: 5, stream: declaration.name}))]));
		const [{variable, members}] = parameters.blocks;
		const scalar = {shape: [], dtype: 'float32'} as const;
		const update = keep(compile(`shared_${mode}`, (inputs, device) => {
			optimizer.update(device, {parameter: variable, members, slots: state.variables[0], ...inputs});
			return {};
		}, {gradient: {shape: variable.shape, dtype: 'float32'}, stepSize: scalar, decay: scalar, extra: scalar}, {mode}));
		for (let step = 1; step <= 3; step++) {
			const gradients = new Map(declarations.map(({name, shape}) => [name, normals(sizeOf(shape), {seed: 6, stream: name, step})]));
			const gradient = await parameters.valuesOf(0, {readFloat32: name => gradients.get(name)!});
			const {stepSize, decay, extra} = optimizer.scalars({learningRate: 0.01, step, weightDecay: 0.1});
			update.call({gradient, stepSize: Float32Array.of(stepSize), decay: Float32Array.of(decay), extra: Float32Array.of(extra)});
			for (const [name, reference] of expected) reference.step(gradients.get(name)!, {step, learningRate: 0.01, weightDecay: 0.1});
		}
		expect(readVariable(variable).length).toBe(270 + 30 + 21 + 11);
		for (const {name, read} of parameters.stored()) {
			const {values} = expected.get(name)!;
			expect([name, Math.max(...read().map((value, i) => Math.abs(value - values[i]))) < 1e-6]).toEqual([name, true]);
		}
	});
});

/** Adafactor of transformers with relative_step off and scale_parameter on, in double precision, on a tensor as torch has it. */
class Reference {
	readonly values: Float64Array;
	readonly #row: Float64Array;
	readonly #column: Float64Array;
	readonly #all: Float64Array;
	readonly #height: number;
	readonly #width: number;

	constructor(private readonly shape: readonly number[], values: Float32Array) {
		this.values = Float64Array.from(values);
		[this.#height, this.#width] = shape.length < 2 ? [1, 1] : shape.slice(-2);
		const matrices = values.length / (this.#height * this.#width);
		this.#row = new Float64Array(matrices * this.#height);
		this.#column = new Float64Array(matrices * this.#width);
		this.#all = new Float64Array(values.length);
	}

	step(gradient: Float32Array, {step, learningRate, weightDecay}: {step: number; learningRate: number; weightDecay: number}): void {
		const [height, width, beta] = [this.#height, this.#width, 1 - step ** -0.8];
		const squares = Float64Array.from(gradient, g => g * g + 1e-30);
		const [rowOf, columnOf] = [(i: number) => Math.floor(i / width), (i: number) => Math.floor(i / (height * width)) * width + (i % width)];
		for (const kept of [this.#row, this.#column, this.#all]) kept.forEach((value, i) => (kept[i] = beta * value));
		squares.forEach((square, i) => {
			this.#row[rowOf(i)] += ((1 - beta) * square) / width;
			this.#column[columnOf(i)] += ((1 - beta) * square) / height;
			this.#all[i] += (1 - beta) * square;
		});
		const meanRow = (i: number) => {
			const first = Math.floor(i / (height * width)) * height;
			return this.#row.subarray(first, first + height).reduce((sum, value) => sum + value, 0) / height;
		};
		const direction = Float64Array.from(gradient, (g, i) => (this.shape.length < 2 ? g / Math.sqrt(this.#all[i]) : g / Math.sqrt((this.#row[rowOf(i)] / meanRow(i)) * this.#column[columnOf(i)])));
		const size = (x: Float64Array) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length);
		const [limit, rate] = [Math.max(1, size(direction)), learningRate * Math.max(1e-3, size(this.values))];
		this.values.forEach((value, i) => (this.values[i] = value - weightDecay * rate * value - (rate * direction[i]) / limit));
	}
}
