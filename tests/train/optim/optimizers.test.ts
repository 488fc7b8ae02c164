import {afterAll, describe, expect, it} from 'vitest';
import {compile, createVariable, disposeVariable, readVariable, UINT8} from '../../../src/train/graph/index.ts';
import {MAPS, quantize, quantizedSlots} from '../../../src/train/optim/blockwise.ts';
import {adafactor, adamw, adamw8bit, lion, lion8bit, sgd, type Optimizer} from '../../../src/train/optim/index.ts';
import {normals} from '../../../src/train/random.ts';
import {openSafetensors} from '../../../src/train/weights/index.ts';
import {changed, difference, filesIn, removeFolders, smallConfig, trainingRun} from '../training-run.ts';

afterAll(removeFolders);

const optimizers: Readonly<Record<string, Optimizer>> = {
	adamw: adamw({beta1: 0.9, beta2: 0.999, epsilon: 1e-8}),
	adamw8bit: adamw8bit({beta1: 0.9, beta2: 0.999, epsilon: 1e-8}),
	lion: lion({beta1: 0.9, beta2: 0.99}),
	lion8bit: lion8bit({beta1: 0.9, beta2: 0.99}),
	adafactor: adafactor({form: 'transformers', scaleParameter: true}),
	sgd: sgd({momentum: 0.9}),
};

/** Two tensors in one variable, of which the last block of 256 is not full, after three updates. */
function updated(optimizer: Optimizer, mode: 'eager' | 'graph' | 'xla', clip?: number): Float32Array {
	const size = 4096 + 4200;
	const shape = [size];
	const members = [{shape: [64, 64], declaration: {shape: [64, 64]}, size: 4096, offset: 0}, {shape: [4200], declaration: {shape: [4200]}, size: 4200, offset: 4096}];
	const parameter = createVariable('p', shape, {values: normals(size, {seed: 1, stream: 'p'})});
	const slots = optimizer.slots({shape, members}).map(({name, shape, dtype, fill}) => createVariable(name, shape, {values: fill, dtype}));
	const scalar = {shape: [], dtype: 'float32'} as const;
	const update = compile(`update_${mode}`, ({limit, ...inputs}, state) => {
		optimizer.update(state, {parameter, members, slots, ...inputs, ...(clip !== undefined && {clip: limit})});
		return {};
	}, {gradient: {shape, dtype: 'float32'}, stepSize: scalar, decay: scalar, extra: scalar, limit: scalar}, {mode});
	for (let step = 1; step <= 3; step++) {
		const {stepSize, decay, extra} = optimizer.scalars({learningRate: 0.01, step, weightDecay: 0.1});
		const gradient = normals(size, {seed: 1, stream: 'g', step}).map(value => value * (clip === undefined ? 1 : 1 / clip));
		update.call({gradient, stepSize: Float32Array.of(stepSize), decay: Float32Array.of(decay), extra: Float32Array.of(extra), limit: Float32Array.of(clip ?? 1)});
	}
	const values = readVariable(parameter);
	update.dispose();
	for (const variable of [parameter, ...slots]) disposeVariable(variable);
	return values;
}

const apart = (a: Float32Array, b: Float32Array) => a.filter((value, i) => Math.abs(value - b[i]) > 1e-6).length / a.length;

describe.each(Object.entries(optimizers))('%s', (name, optimizer) => {
	it('is the same in every mode, and clips by itself', () => {
		const graph = updated(optimizer, 'graph');
		expect(apart(graph, normals(graph.length, {seed: 1, stream: 'p'}))).toBeGreaterThan(0.99);
		// A value on the border of two codes may fall either way.
		const tolerance = name.endsWith('8bit') ? 0.005 : 0;
		expect(apart(updated(optimizer, 'eager'), graph)).toBeLessThanOrEqual(tolerance);
		expect(apart(updated(optimizer, 'xla'), graph)).toBeLessThanOrEqual(tolerance);
		expect(apart(updated(optimizer, 'graph', 0.25), graph)).toBeLessThanOrEqual(tolerance);
	});
});

/** The codes of values of which each 256 have a largest magnitude of 1. */
function codesOf(kind: keyof typeof MAPS, values: Float32Array, mode: 'graph' | 'xla'): Float32Array {
	const blocks = values.length / 256;
	const [codes, absmax] = quantizedSlots('m', values.length, kind).map(({name, shape, dtype, fill}) => createVariable(name, shape, {values: fill, dtype}));
	const write = compile(`codes_${kind}_${mode}`, (inputs, state) => {
		quantize(state, inputs.values, codes, absmax, kind);
		return {};
	}, {values: {shape: [blocks, 256], dtype: 'float32'}}, {mode});
	write.call({values});
	const written = readVariable(codes);
	write.dispose();
	for (const variable of [codes, absmax]) disposeVariable(variable);
	return written;
}

const next = (value: number, steps: number) => new Float32Array(Int32Array.of(new Int32Array(Float32Array.of(value).buffer)[0] + steps).buffer)[0];

describe('8-bit state', () => {
	it.each(['signed', 'unsigned'] as const)('has the number of the nearest entry of the table, also on both sides of every border, whatever looks it up (%s)', kind => {
		const map = MAPS[kind];
		const borders = Array.from({length: map.length - 1}, (_, i) => Math.fround((map[i] + map[i + 1]) / 2));
		const magnitudes = [0, -0, 2e-38, 1e-9, ...borders.flatMap(border => [next(border, -1), border, next(border, 1)]), ...map, ...normals(2000, {seed: 1, stream: 'values'}).map(value => Math.min(1, Math.abs(value) / 4))];
		const asked = kind === 'signed' ? magnitudes.flatMap(value => [value, -value]) : magnitudes.map(Math.abs);
		const rows = Array.from({length: Math.ceil(asked.length / 255)}, (_, i) => [1, ...asked.slice(255 * i, 255 * (i + 1))]);
		const values = Float32Array.from(rows.flatMap(row => [...row, ...Array<number>(256 - row.length).fill(0)]));
		const nearest = values.map(value => {
			const number = borders.filter(border => border <= value).length;
			return kind === 'signed' && value < 0 ? Math.min(number, 126) : number;
		});
		for (const mode of ['graph', 'xla'] as const) expect([...codesOf(kind, values, mode)]).toEqual([...nearest]);
	});

	it('really is in 8 bits, on the device and in checkpoints, and continues from them exactly', async () => {
		const config = smallConfig({optimizer: 'adamw8bit', maxSteps: 3, expertOverrides: true});
		const run = await trainingRun(config);
		const file = await openSafetensors(`${run.checkpoint(3)}/unet.optimizer.safetensors`);
		const tensors = [...file.tensors];
		await file.close();
		const bytes = (dtype: string) => tensors.filter(([, tensor]) => tensor.dtype === dtype).reduce((sum, [, {begin, end}]) => sum + end - begin, 0);
		const parameters = [...(await run.tensors(3, 'unet.safetensors')).values()].reduce((sum, {length}) => sum + length, 0);
		expect(bytes('U8') / parameters).toBeGreaterThan(1.8);
		expect((bytes('U8') + bytes('F32')) / parameters).toBeLessThan(2.3);
		const variables = adamw8bit({beta1: 0.9, beta2: 0.999, epsilon: 1e-8}).slots({shape: [128, 128], members: [{shape: [128, 128], declaration: {shape: [128, 128]}, size: 128 * 128, offset: 0}]});
		expect(variables.map(({dtype}) => dtype === UINT8)).toEqual([true, false, true, false]);

		const continued = await trainingRun(config, {checkpoint: run.checkpoint(1)});
		for (const name of filesIn(run.checkpoint(3)).filter(name => name.startsWith('unet'))) expect(changed(await raw(continued.checkpoint(3), name), await raw(run.checkpoint(3), name))).toEqual([]);
	});

	it('learns what 32-bit state learns', async () => {
		const [wide, narrow] = [await trainingRun(smallConfig()), await trainingRun(smallConfig({optimizer: 'adamw8bit', expertOverrides: true}))];
		const [before] = [await wide.tensors(1, 'unet.safetensors')];
		expect(difference(await narrow.tensors(3, 'unet.safetensors'), await wide.tensors(3, 'unet.safetensors'), before)).toBeLessThan(0.15);
	});
});

it('Adafactor keeps nearly nothing and continues from it exactly', async () => {
	const config = smallConfig({optimizer: 'adafactor', learningRate: 1e-3, maxSteps: 2});
	const run = await trainingRun(config);
	const state = [...(await run.tensors(2, 'unet.optimizer.safetensors')).values()].reduce((sum, {length}) => sum + length, 0);
	const parameters = [...(await run.tensors(2, 'unet.safetensors')).values()].reduce((sum, {length}) => sum + length, 0);
	expect(state / parameters).toBeLessThan(0.6);
	const continued = await trainingRun(config, {checkpoint: run.checkpoint(1)});
	for (const name of ['unet.safetensors', 'unet.optimizer.safetensors']) expect(changed(await continued.tensors(2, name), await run.tensors(2, name))).toEqual([]);
});

async function raw(folder: string, name: string): Promise<Map<string, Uint8Array>> {
	const file = await openSafetensors(`${folder}/${name}`);
	const bytes = new Map<string, Uint8Array>();
	for (const tensor of file.tensors.keys()) bytes.set(tensor, await file.readBytes(tensor));
	await file.close();
	return bytes;
}
