import {readFile} from 'node:fs/promises';
import path from 'node:path';
import type {Tensor} from '@tensorflow/tfjs';
import {compile, ops, type CompileOptions, type Precision, type Signature, type Tensors} from '../../src/train/graph/index.ts';
import {differentiable, filterOrder, gradients, scopeOver, type Declaration, type Scope} from '../../src/train/nn/index.ts';
import {gradScaler} from '../../src/train/optim/index.ts';
import {Parameters} from '../../src/train/parameters.ts';
import {checkWeights, openNetwork, type Network, type SafetensorsFile} from '../../src/train/weights/index.ts';
import type {Check} from './check.ts';

/** A tensor on the host, row-major. */
export interface Values<T extends Float32Array | Int32Array = Float32Array> {
	readonly shape: readonly number[];
	readonly values: T;
}

export const readFloats = async (file: SafetensorsFile, name: string): Promise<Values> => ({shape: file.get(name).shape, values: await file.readFloat32(name)});

/** An image of the fixtures, [batch, channels, height, width], in the layout of the networks: [batch, height, width, channels]. */
export const readImage = async (file: SafetensorsFile, name: string): Promise<Values> => channelsLast(await readFloats(file, name));

export function channelsLast({shape: [batch, channels, height, width], values}: Values): Values {
	return {shape: [batch, height, width, channels], values: swapped(values, channels, height * width)};
}

export function channelsFirst({shape: [batch, height, width, channels], values}: Values): Values {
	return {shape: [batch, channels, height, width], values: swapped(values, height * width, channels)};
}

/** [..., rows, columns] -> [..., columns, rows]. */
function swapped(values: Float32Array, rows: number, columns: number): Float32Array {
	const size = rows * columns;
	return Float32Array.from(values, (_, i) => {
		const [image, place] = [Math.floor(i / size), i % size];
		return values[image * size + (place % rows) * columns + Math.floor(place / rows)];
	});
}

export const readJson = async <T>(folder: string, name: string): Promise<T> => JSON.parse(await readFile(path.join(folder, name), 'utf8')) as T;

/** The weights in `folder`, on the device, read as those of a model's network are; and whether they are those that the network declares. */
export async function loadNetwork(folder: string, network: Network, declarations: readonly Declaration[], {linearProjection = false} = {}): Promise<{parameters: Parameters; check: Check}> {
	const {file} = await openNetwork(network, folder, {linearProjection});
	try {
		const unused = checkWeights(file, new Map(declarations.map(({name, shape}) => [name, shape])));
		const parameters = await Parameters.load(network, declarations, file);
		return {parameters, check: {name: `${path.basename(folder)}: names and shapes of ${declarations.length} parameters (not used)`, worst: unused.length, tolerance: 0}};
	} finally {
		await file.close();
	}
}

export type NamedInputs = Readonly<Record<string, Values<Float32Array | Int32Array>>>;

const signatureOf = (inputs: NamedInputs): Signature =>
	Object.fromEntries(Object.entries(inputs).map(([name, {shape, values}]) => [name, {shape, dtype: values instanceof Int32Array ? 'int32' : 'float32'}]));

/** Runs a function of a network once. XLA takes functions of one `name` that differ in their outputs alone for the same. */
export function evaluate(parameters: Parameters, inputs: NamedInputs, body: (p: Scope, inputs: Tensors) => Tensors, {name = 'golden', observer, ...options}: Partial<CompileOptions> & {name?: string; observer?: Scope['observer']} = {}): Record<string, Float32Array> {
	const compiled = compile(name, (tensors, state) => body(scopeOver(parameters.tensors(state), {observer}), tensors), signatureOf(inputs), {mode: 'graph', ...options});
	try {
		return compiled.call(Object.fromEntries(Object.entries(inputs).map(([name, {values}]) => [name, values])));
	} finally {
		compiled.dispose();
	}
}

export interface Differentiated {
	/** mean(output²). */
	readonly loss: number;
	/** By the names of the parameters, as on disk, and of the inputs asked for. */
	readonly gradients: ReadonlyMap<string, Float32Array>;
}

/** The gradients of mean(output²). */
export function differentiate(
	parameters: Parameters,
	inputs: NamedInputs,
	network: (p: Scope, inputs: Tensors) => Tensor,
	{to = [], ...options}: Partial<CompileOptions> & {to?: readonly string[]} = {},
): Differentiated {
	const {declarations} = parameters;
	const names = [...declarations.map(({name}) => name), ...to];
	const compiled = compile<Signature>(
		'golden_gradients',
		({lossScale, ...tensors}, state) => {
			const weights = parameters.tensors(state);
			const xs = [...declarations.map(({name}) => weights.get(name) as Tensor), ...to.map(name => tensors[name])];
			const {value, gradients: found} = gradients(() => meanSquare(network(scopeOver(weights), tensors)), xs, lossScale);
			const {fromDisk} = filterOrder();
			const toDisk = fromDisk.map((_, axis) => fromDisk.indexOf(axis));
			const asOnDisk = (gradient: Tensor, i: number) => (declarations[i]?.layout === 'convolution' ? ops.transpose(gradient, toDisk) : gradient);
			return {loss: value, ...Object.fromEntries(found.map((gradient, i) => [`${i}`, asOnDisk(gradient, i)]))};
		},
		{...signatureOf(inputs), lossScale: {shape: [], dtype: 'float32'}},
		{mode: 'graph', ...options},
	);
	try {
		const values = Object.fromEntries(Object.entries(inputs).map(([name, {values}]) => [name, values]));
		const {loss, ...found} = withLossScale(options.precision, lossScale => compiled.call({...values, lossScale: Float32Array.of(lossScale)}));
		return {loss: loss[0], gradients: new Map(names.map((name, i) => [name, found[i]]))};
	} finally {
		compiled.dispose();
	}
}

/**
 * In f16, gradients of a loss that is multiplied as in training: by the largest of GradScaler's scales at which all are finite. `call`
 * returns the loss, not multiplied, and the gradients, from which the scale is taken out here. In f32 and bf16 the scale is 1.
 */
export function withLossScale(precision: Precision | undefined, call: (scale: number) => Record<string, Float32Array>): Record<string, Float32Array> {
	let scale: number = precision === 'f16' ? gradScaler.initial : 1;
	let {loss, ...found} = call(scale);
	while (scale > 1 && Object.values(found).some(values => !values.every(Number.isFinite))) {
		scale *= gradScaler.backoff;
		({loss, ...found} = call(scale));
	}
	return {loss, ...Object.fromEntries(Object.entries(found).map(([name, values]) => [name, values.map(value => value / scale)]))};
}

/** mean(y²), a scalar. */
export function meanSquare(y: Tensor): Tensor {
	return differentiable(
		[y],
		(save, y) => {
			save([y]);
			return ops.mean(ops.square(y), ops.allAxes(y));
		},
		(dy, [y]) => [ops.multiply(ops.scaleBy(y, 2 / y.size), dy)],
	);
}
