import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {loadRuntime} from '../../src/train/runtime/index.ts';
import {normals} from '../../src/train/random.ts';
import {largestDifference, relativeL2} from '../golden/check.ts';
import {TinyModel, type TinyOptions, type TinyResult} from './tiny-step.ts';

const {tf, binding} = loadRuntime();
const tensors = () => ({javascript: tf.memory().numTensors, native: binding.getNumOfTensors()});

let model: TinyModel;
let start: Float32Array;
let reference: Outcome;

beforeAll(async () => {
	model = await TinyModel.create();
	start = model.values();
	reference = await outcome({});
});
afterAll(() => model.dispose());

interface Outcome {
	readonly results: readonly Pick<TinyResult, 'errors' | 'gradientNorm'>[];
	/** Of the first step. */
	readonly gradient: Float32Array;
	/** What two steps have changed. */
	readonly update: Float32Array;
	readonly averages: Float32Array;
}

/** Two steps from the random weights on. */
async function outcome(options: TinyOptions): Promise<Outcome> {
	await model.restart();
	const step = model.step(options);
	try {
		const first = step.run();
		const gradient = model.firstGradient();
		const before = tensors();
		const second = step.run({begin: 4});
		expect(tensors()).toEqual(before);
		return {results: [first, second], gradient, update: difference(model.values(), start), averages: model.values(({ema}) => ema)};
	} finally {
		step.dispose();
	}
}

const difference = (a: Float32Array, b: Float32Array) => a.map((value, i) => value - b[i]);
const errors = ({results}: Outcome) => results.flatMap(result => [...result.errors]);

function expectSame(actual: Outcome, expected: Outcome, tolerance: number): void {
	expect(relativeL2(errors(actual), errors(expected))).toBeLessThan(tolerance);
	expect(relativeL2(actual.results.map(({gradientNorm}) => gradientNorm), expected.results.map(({gradientNorm}) => gradientNorm))).toBeLessThan(tolerance);
	expect(relativeL2(actual.gradient, expected.gradient)).toBeLessThan(tolerance);
	expect(relativeL2(actual.update, expected.update)).toBeLessThan(tolerance);
	expect(relativeL2(actual.averages, expected.averages)).toBeLessThan(tolerance);
}

describe('the training step', () => {
	it.each<[string, TinyOptions]>([
		['eagerly', {compile: {mode: 'eager'}}],
		['compiled by XLA', {compile: {mode: 'xla'}}],
		['with checkpointing', {compile: {checkpointing: true}}],
		['with attention in chunks', {compile: {attention: 'chunked', attentionChunkBytes: 2000}}],
		['in three lanes', {lanes: 3}],
	])('gives the same numbers %s', async (_, options) => {
		expectSame(await outcome(options), reference, 1e-5);
	});

	it('is close in bfloat16', async () => {
		const half = await outcome({compile: {precision: 'bf16'}});
		expect(relativeL2(errors(half), errors(reference))).toBeLessThan(2e-2);
		expect(relativeL2(half.gradient, reference.gradient)).toBeLessThan(5e-2);
	});

	it('gives to several micro-batches the update of one batch of all their rows', async () => {
		await model.restart();
		const [accumulate, update] = (['accumulate', 'update'] as const).map(part => model.step({part, rows: 2, accumulating: true}));
		const weight = 1 / 4;
		const parts = [accumulate.run({begin: 0, weight})];
		expect(largestDifference(model.values(), start)).toBe(0);
		parts.push(update.run({begin: 2, weight}));
		const gradient = model.firstGradient();
		parts.push(accumulate.run({begin: 4, weight}), update.run({begin: 6, weight}));
		const [first, second] = [parts.slice(0, 2), parts.slice(2)].map(([a, b]) => ({errors: Float32Array.of(...a.errors, ...b.errors), gradientNorm: b.gradientNorm, loss: a.loss + b.loss}));
		expectSame({results: [first, second], gradient, update: difference(model.values(), start), averages: model.values(({ema}) => ema)}, reference, 1e-5);
		expect(model.values(({accumulator}) => accumulator).every(value => value === 0)).toBe(true);
		for (const step of [accumulate, update]) step.dispose();
	});

	it.each<[string, TinyOptions]>([
		['squared', {}],
		['Huber', {penalty: {kind: 'huber', c: 0.3}}],
	])('updates along the gradient that its values show, with the %s error', async (_, options) => {
		await model.restart();
		const step = model.step(options);
		step.run({learningRate: 0});
		expect(largestDifference(model.values(), start)).toBe(0);
		const gradient = model.firstGradient();
		const unetSize = model.networks[0].parameters.size;
		for (const [begin, end] of [[0, unetSize], [unetSize, gradient.length]]) {
			const direction = normals(gradient.length, {seed: 5, stream: `direction ${begin}`}).map((value, i) => (i >= begin && i < end ? value : 0));
			const slope = direction.reduce((sum, value, i) => sum + value * gradient[i], 0);
			const h = 5e-4;
			const losses: number[] = [];
			for (const by of [h, -h]) {
				await model.restart();
				await model.move(by, direction);
				losses.push(step.run({learningRate: 0}).loss);
			}
			const measured = (losses[0] - losses[1]) / (2 * h);
			expect(Math.abs(slope - measured)).toBeLessThan(2e-2 * Math.abs(measured));
		}
		step.dispose();
	});

	it('leaves no tensor behind and updates its state in place: tensors and memory stay flat over 200 steps', async () => {
		await model.restart();
		const step = model.step({rows: 2});
		for (let i = 0; i < 20; i++) step.run();
		const before = {tensors: tensors(), resident: process.memoryUsage().rss};
		for (let i = 0; i < 200; i++) step.run();
		expect(tensors()).toEqual(before.tensors);
		expect(process.memoryUsage().rss - before.resident).toBeLessThan(4 * start.byteLength);
		step.dispose();
	});
});
