import {afterEach, describe, expect, it, vi} from 'vitest';
import type {Tensor} from '@tensorflow/tfjs';
import {BFLOAT16, compile, createVariable, disposeVariable, FLOAT32, ops, readVariable, type Mode, type Variable} from '../../../src/train/graph/index.ts';
import {loadRuntime} from '../../../src/train/runtime/index.ts';

const {tf, binding} = loadRuntime();
const modes: Mode[] = ['eager', 'graph', 'xla'];
const three = {x: {shape: [3], dtype: 'float32'}} as const;
const variables: Variable[] = [];
const variable = (values: number[]) => {
	const made = createVariable('tested', [values.length], {values: Float32Array.from(values)});
	variables.push(made);
	return made;
};
const closest = (values: number[]) => values.map(value => value.toFixed(5));
afterEach(() => {
	for (const made of variables.splice(0)) disposeVariable(made);
});

describe.each(modes)('a function in %s mode', mode => {
	it('reads a variable, assigns it, and sees the new value after the assignment', () => {
		const w = variable([1, 2, 3]);
		const step = compile('step', ({x}, state) => {
			const before = state.read(w);
			state.assign(w, ops.add(before, x));
			return {before, after: state.read(w)};
		}, three, {mode});
		const first = step.call({x: Float32Array.of(1, 1, 1)});
		expect([...first.before]).toEqual([1, 2, 3]);
		expect([...first.after]).toEqual([2, 3, 4]);
		expect([...step.call({x: Float32Array.of(10, 0, 0)}).after]).toEqual([12, 3, 4]);
		expect([...readVariable(w)]).toEqual([12, 3, 4]);
	});

	it('takes the output of one function as the input of another without a copy to the host', () => {
		const double = compile('double', ({x}) => ({y: ops.add(x, x)}), three, {mode});
		const {y} = double.run({x: Float32Array.of(1, 2, 3)});
		expect([...double.call({x: y}).y]).toEqual([4, 8, 12]);
		y.dispose();
	});

	it('leaves no tensor behind after 100 calls', () => {
		const w = variable([0, 0, 0]);
		const step = compile('counted', ({x}, state) => {
			state.assign(w, ops.add(state.read(w), ops.scaleBy(x, 0.5)));
			return {norm: ops.halfSquaredNorm(state.read(w))};
		}, three, {mode});
		const x = Float32Array.of(1, 2, 3);
		step.call({x});
		const before = {js: tf.memory().numTensors, native: binding.getNumOfTensors()};
		for (let i = 0; i < 100; i++) step.call({x});
		expect({js: tf.memory().numTensors, native: binding.getNumOfTensors()}).toEqual(before);
	});

	it('refuses an input of the wrong size by name', () => {
		const double = compile('sized', ({x}) => ({y: ops.add(x, x)}), three, {mode});
		expect(() => double.call({x: Float32Array.of(1)})).toThrow('The input "x" holds 3 values [3], not 1.');
	});
});

describe('operations that TensorFlow takes long to translate for XLA', () => {
	const matrix = {x: {shape: [2, 2], dtype: 'float32'}} as const;

	it.each([['xla', 2], ['graph', 0]] as const)('in %s mode: functions of theirs are made for the kinds of tensors (%i), not for the uses', (mode, functions) => {
		const {api} = loadRuntime();
		const addFunction = vi.spyOn(api, 'addFunction');
		const roots = (x: Tensor): Tensor => Array.from({length: 5}).reduce<Tensor>(y => ops.squareRoot(y), x);
		const body = ({x}: {readonly x: Tensor}) => ({y: ops.add(ops.reshape(roots(x), [4]), roots(ops.reshape(x, [4])))});
		const compiled = compile('roots', body, matrix, {mode});
		// And the function itself. Another one of the same operations has nothing left to make.
		expect(addFunction).toHaveBeenCalledTimes(functions + 1);
		compile('roots', body, matrix, {mode});
		expect(addFunction).toHaveBeenCalledTimes(functions + 2);
		addFunction.mockRestore();
		const values = [1, 2, 3, 4];
		expect(closest([...compiled.call({x: Float32Array.from(values)}).y])).toEqual(closest(values.map(value => 2 * value ** (1 / 32))));
	});
});

describe('StableHLO', () => {
	it('is compiled with the operations around it, in the precision it states', () => {
		const module = ['module @halves {', ' func.func public @main(%x: tensor<3xbf16>) -> (tensor<3xbf16>, tensor<f32>) {', '  %y = stablehlo.add %x, %x : tensor<3xbf16>', '  %z = stablehlo.constant dense<7.0> : tensor<f32>', '  return %y, %z : tensor<3xbf16>, tensor<f32>', ' }', '}'].join('\n');
		const doubled = compile('module', ({x}) => {
			const [y, seven] = ops.stableHlo(module, [ops.toLow(x)], [{dtype: BFLOAT16, shape: [3]}, {dtype: FLOAT32, shape: []}], 'CPU');
			return {y: ops.toFloat32(y), sum: ops.add(ops.toFloat32(y), seven)};
		}, three, {mode: 'xla', precision: 'bf16'});
		const {y, sum} = doubled.call({x: Float32Array.of(1, 2.5, -3)});
		expect([...y]).toEqual([2, 5, -6]);
		expect([...sum]).toEqual([9, 12, 1]);
	});
});

describe('tracing', () => {
	it('refuses a tensor from outside and names it, uploaded or not', () => {
		const waiting = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
		const uploaded = tf.tensor1d([1, 2, 3]).add(1);
		uploaded.dataSync();
		const using = (captured: typeof uploaded | typeof waiting) => () => compile('careless', ({x}) => ({y: ops.add(x, captured)}), three, {mode: 'graph'});
		expect(using(waiting)).toThrow(/"careless" uses a tensor made outside it: float32 \[2,3]/);
		expect(using(uploaded)).toThrow(/"careless" uses a tensor made outside it: float32 \[3]/);
		expect([...tf.add(uploaded, 1).dataSync()]).toEqual([3, 4, 5]);
		tf.dispose([waiting, uploaded]);
	});

	it('says that there are no values yet when they are asked for', () => {
		expect(() => compile('curious', ({x}) => (x.dataSync(), {x}), three, {mode: 'graph'})).toThrow('there are no values yet');
	});

	it('executes and allocates nothing', () => {
		const before = binding.getNumOfTensors();
		compile('large', () => ({y: ops.sum(ops.filled([1_000_000, 1000], 1), [0, 1])}), {}, {mode: 'graph'}).dispose();
		expect(binding.getNumOfTensors()).toBe(before);
	});

	it('lets ordinary tfjs code and its gradients be traced', () => {
		const traced = compile('ordinary', ({x}) => {
			const gradient = tf.grad(x => tf.softmax(tf.mul(x, x)).slice(0, 1).sum())(x);
			return {gradient};
		}, three, {mode: 'graph'});
		const x = Float32Array.of(0.1, 0.2, 0.3);
		const direct = tf.tidy(() => tf.grad(x => tf.softmax(tf.mul(x, x)).slice(0, 1).sum())(tf.tensor1d(x)).dataSync());
		traced.call({x}).gradient.forEach((value, i) => expect(value).toBeCloseTo(direct[i], 6));
	});

	it('gives a function the same name in every process and never one name to two functions', () => {
		const make = (factor: number) => compile('named', ({x}) => ({y: ops.scaleBy(x, factor)}), three, {mode: 'graph'});
		const [first, second] = [make(1), make(2)];
		expect(second.name).not.toBe(first.name);
		const {name} = first;
		first.dispose();
		second.dispose();
		expect(make(1).name).toBe(name);
	});
});

// What XLA has compiled for a name, it runs again for the name, also after the function has been disposed of.
it.each([
	['a constant', (x: Tensor) => ops.add(x, ops.constant(2)), [3, 3, 3]],
	['which of its values it returns', (x: Tensor) => [ops.add(x, ops.constant(1)), ops.add(x, ops.constant(3))][1], [4, 4, 4]],
	['where its values come from', (x: Tensor) => ops.multiply(x, ops.constant(1)), [1, 1, 1]],
] as const)('a function that differs from one before in %s is not taken for it', (_, other, expected) => {
	const made = (body: (x: Tensor) => Tensor) => {
		const compiled = compile('alike', ({x}) => ({y: body(x)}), three, {mode: 'xla'});
		const {y} = compiled.call({x: Float32Array.of(1, 1, 1)});
		compiled.dispose();
		return [...y];
	};
	expect(made(x => [ops.add(x, ops.constant(1)), ops.add(x, ops.constant(3))][0])).toEqual([2, 2, 2]);
	expect(made(x => ops.add(x, ops.constant(1)))).toEqual([2, 2, 2]);
	expect(made(other)).toEqual(expected);
});

describe('state on the device', () => {
	it('is updated in place: tensors and memory stay flat over 200 steps', () => {
		const size = 4_000_000;
		const w = createVariable('large', [size], {values: 1});
		variables.push(w);
		const shrink = compile('shrink', (_, state) => {
			state.update('AssignSubVariableOp', [w], [ops.scaleBy(state.read(w), 0.01)], [{name: 'dtype', type: binding.TF_ATTR_TYPE, value: 1}]);
			return {};
		}, {}, {mode: 'graph'});
		for (let i = 0; i < 20; i++) shrink.call({});
		const before = {tensors: binding.getNumOfTensors(), resident: process.memoryUsage().rss};
		for (let i = 0; i < 200; i++) shrink.call({});
		expect(binding.getNumOfTensors()).toBe(before.tensors);
		expect(process.memoryUsage().rss - before.resident).toBeLessThan(4 * size * 4);
		expect(readVariable(w)[size - 1]).toBeCloseTo(0.99 ** 220, 4);
	});
});
