import type {Tensor} from '@tensorflow/tfjs';
import {attribute, compile, FLOAT32, INT32, op, ops, type Compiled, type Mode, type Signature} from '../graph/index.ts';
import {conv2d, declareParameters, linear, scopeOver, type Scope} from '../nn/index.ts';
import {Parameters} from '../parameters.ts';
import {checkWeights, openSafetensors} from '../weights/index.ts';
import {backgroundNames, classes, colours, type ClassName, type ColourName, type Facts} from '../world/index.ts';
import {SIDE, thumbnail, type Picture} from './thumbnail.ts';

/** What a picture of the demo's world shows. */
export interface Attributes {
	readonly class: ClassName;
	readonly scene: Facts['background'];
	/** Of the ground, where it is a plain one. */
	readonly ground: ColourName;
	/** Of the main object. */
	readonly colour: ColourName;
}

/** What the demo's world holds, in the order of the probe's outputs. */
const heads = [classes, [...backgroundNames, 'plain'], colours, colours];
const OUTPUTS = heads.reduce((sum, {length}) => sum + length, 0);
const widths = [32, 64, 96, 128];
/** torch's default. */
const BATCH_NORM_EPSILON = 1e-5;

/**
 * A small classifier that names class, scene and colours. It was trained on drawings of the world that the demo's base model
 * was trained on and knows nothing else; of real drawings of one figure it names 99.8 % of the classes, 99.9 % of the scenes and colours.
 */
export class AttributeProbe {
	readonly #compiled = new Map<number, Compiled<Signature>>();

	private constructor(private readonly parameters: Parameters, private readonly mode: Mode) {}

	/** @throws WeightsError when the file is not the probe's. */
	static async load(file: string, {mode}: {mode: Mode}): Promise<AttributeProbe> {
		const weights = await openSafetensors(file);
		try {
			const declared = declareParameters((p, {pictures}) => probe(p, pictures), {pictures: {shape: [1, SIDE, SIDE, 3], dtype: 'float32'}});
			checkWeights(weights, new Map(declared.map(({name, shape}) => [name, shape])));
			return new AttributeProbe(await Parameters.load('probe', declared, weights), mode);
		} finally {
			await weights.close();
		}
	}

	/** What each picture most likely shows. */
	attributes(pictures: readonly Picture[]): Attributes[] {
		const scores = this.scores(pictures);
		return pictures.map((_, i) => {
			let at = i * OUTPUTS;
			const [kind, scene, ground, colour] = heads.map(names => {
				const own = scores.subarray(at, at + names.length);
				at += names.length;
				return names[own.indexOf(Math.max(...own))];
			});
			return {class: kind, scene, ground, colour} as Attributes;
		});
	}

	/** The probe's raw outputs, [pictures, 46]: 12 classes, 12 scenes, 11 colours of the ground, 11 of the object. */
	scores(pictures: readonly Picture[]): Float32Array {
		const size = SIDE * SIDE * 3;
		const inputs = new Float32Array(pictures.length * size);
		for (const [i, picture] of pictures.entries()) inputs.set(thumbnail(picture).map(value => 2 * value - 1), i * size);
		return this.#functionFor(pictures.length).call({pictures: inputs}).scores;
	}

	#functionFor(count: number): Compiled<Signature> {
		const known = this.#compiled.get(count);
		const compiled = known ?? compile('probe', ({pictures}, state) => ({scores: probe(scopeOver(this.parameters.tensors(state)), pictures)}), {pictures: {shape: [count, SIDE, SIDE, 3], dtype: 'float32'}}, {mode: this.mode});
		this.#compiled.set(count, compiled);
		return compiled;
	}

	dispose(): void {
		for (const compiled of this.#compiled.values()) compiled.dispose();
		this.parameters.dispose();
	}
}

/** pictures: [count, 64, 64, 3] in -1 ... 1 -> [count, 46]. Names and numbers are those of the file: a plain list of layers `f`, then `h`. */
function probe(p: Scope, pictures: Tensor): Tensor {
	let x = pictures;
	for (const [block, out] of widths.entries()) {
		const layer = (index: number) => p.at('f').at(6 * block + index);
		x = relu(batchNorm(layer(1), conv2d(layer(0), x, {out, kernel: 3, stride: 2, padding: 'symmetric'})));
		x = relu(batchNorm(layer(4), conv2d(layer(3), x, {out, kernel: 3})));
	}
	return linear(p.at('h'), ops.concat([ops.mean(x, [1, 2]), maximum(x, [1, 2])], 1), {out: OUTPUTS});
}

/** Batch normalisation with the statistics of the training (Ioffe & Szegedy 2015, algorithm 2). x: [batch, height, width, C] -> same shape. */
function batchNorm(p: Scope, x: Tensor): Tensor {
	const channels: readonly number[] = x.shape.slice(3);
	const scale = ops.multiply(p.get('weight', channels), ops.reciprocalSquareRoot(ops.add(p.get('running_var', channels), ops.constant(BATCH_NORM_EPSILON))));
	return ops.add(ops.multiply(ops.subtract(x, p.get('running_mean', channels)), scale), p.get('bias', channels));
}

const relu = (x: Tensor): Tensor => op('Relu', [x], [attribute.type('T', FLOAT32)]);
const maximum = (x: Tensor, axes: readonly number[]): Tensor => op('Max', [x, ops.integers(axes)], [attribute.bool('keep_dims', false), attribute.type('T', FLOAT32), attribute.type('Tidx', INT32)]);
