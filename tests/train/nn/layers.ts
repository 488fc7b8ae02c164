import type {Tensor} from '@tensorflow/tfjs';
import * as nn from '../../../src/train/nn/index.ts';
import {compile, ops, type CompileOptions, type Signature} from '../../../src/train/graph/index.ts';
import {normals} from '../../../src/train/random.ts';

/** A layer with the tensors it works on; every float input is differentiated. */
export interface LayerCase {
	readonly name: string;
	readonly inputs: Signature;
	/** Values other than standard normal ones. */
	readonly values?: Readonly<Record<string, Float32Array | Int32Array>>;
	readonly apply: (p: nn.Scope, inputs: Readonly<Record<string, Tensor>>) => Tensor;
}

const float = (...shape: number[]) => ({shape, dtype: 'float32'}) as const;
const image = float(2, 4, 6, 8);
const tokens = float(2, 5, 8);
const adapter = {rank: 2, scale: 0.5};

export const layers: readonly LayerCase[] = [
	{name: 'linear', inputs: {x: tokens}, apply: (p, {x}) => nn.linear(p, x, {out: 6})},
	{name: 'linear without bias', inputs: {x: tokens}, apply: (p, {x}) => nn.linear(p, x, {out: 6, bias: false})},
	{name: 'pointwise convolution', inputs: {x: image}, apply: (p, {x}) => nn.pointwise(p, x, {out: 6})},
	{name: 'convolution', inputs: {x: image}, apply: (p, {x}) => nn.conv2d(p, x, {out: 6, kernel: 3})},
	{name: 'strided convolution, symmetric padding', inputs: {x: image}, apply: (p, {x}) => nn.conv2d(p, x, {out: 6, kernel: 3, stride: 2, padding: 'symmetric'})},
	{name: 'strided convolution, padding at the bottom right', inputs: {x: image}, apply: (p, {x}) => nn.conv2d(p, x, {out: 6, kernel: 3, stride: 2, padding: 'bottom-right'})},
	{name: 'linear with an adapter', inputs: {x: tokens}, apply: (p, {x}) => nn.linear({...p, adapter}, x, {out: 6})},
	{name: 'pointwise convolution with an adapter', inputs: {x: image}, apply: (p, {x}) => nn.pointwise({...p, adapter}, x, {out: 6})},
	{name: 'strided convolution with an adapter', inputs: {x: image}, apply: (p, {x}) => nn.conv2d({...p, adapter}, x, {out: 6, kernel: 3, stride: 2, padding: 'symmetric'})},
	{name: 'group norm', inputs: {x: image}, apply: (p, {x}) => nn.groupNorm(p, x, {groups: 4, epsilon: 1e-5})},
	{name: 'group norm with silu', inputs: {x: image}, apply: (p, {x}) => nn.groupNorm(p, x, {groups: 4, epsilon: 1e-5, activation: 'silu'})},
	{name: 'layer norm', inputs: {x: tokens}, apply: (p, {x}) => nn.layerNorm(p, x, {epsilon: 1e-5})},
	{name: 'silu', inputs: {x: tokens}, apply: (_, {x}) => nn.silu(x)},
	{name: 'gelu', inputs: {x: tokens}, apply: (_, {x}) => nn.gelu(x)},
	{name: 'quick gelu', inputs: {x: tokens}, apply: (_, {x}) => nn.quickGelu(x)},
	{name: 'geglu', inputs: {x: tokens}, apply: (_, {x}) => nn.geglu(x)},
	{name: 'embedding', inputs: {ids: {shape: [2, 3], dtype: 'int32'}}, values: {ids: Int32Array.of(0, 4, 4, 2, 0, 1)}, apply: (p, {ids}) => nn.embedding(p, ids, {count: 5, width: 8})},
	{name: 'positions', inputs: {x: tokens}, apply: (p, {x}) => nn.add(x, nn.positions(p, {count: 5, width: 8}))},
	{name: 'gathered rows', inputs: {x: tokens, rows: {shape: [3], dtype: 'int32'}}, values: {rows: Int32Array.of(1, 0, 1)}, apply: (_, {x, rows}) => nn.gatherRows(x, rows)},
	{name: 'attention', inputs: {q: float(2, 7, 8), k: tokens, v: tokens}, apply: (_, {q, k, v}) => nn.attention(q, k, v, {heads: 2})},
	{name: 'causal attention', inputs: {q: tokens, k: tokens, v: tokens}, apply: (_, {q, k, v}) => nn.attention(q, k, v, {heads: 2, causal: true})},
	{name: 'sum', inputs: {x: tokens, y: tokens}, apply: (_, {x, y}) => nn.add(x, y)},
	{name: 'sum with positions', inputs: {x: tokens, y: float(5, 8)}, apply: (_, {x, y}) => nn.add(x, y)},
	{name: 'sum per channel', inputs: {x: image, t: float(2, 8)}, apply: (_, {x, t}) => nn.addPerChannel(x, t)},
	{name: 'scale', inputs: {x: tokens}, apply: (_, {x}) => nn.scale(x, 0.3)},
	{name: 'reshape', inputs: {x: tokens}, apply: (_, {x}) => nn.reshape(x, [10, 8])},
	{name: 'joined channels', inputs: {x: image, y: float(2, 4, 6, 3)}, apply: (_, {x, y}) => nn.concatChannels(x, y)},
	{name: 'slice of rows', inputs: {x: tokens}, apply: (_, {x}) => nn.sliceRows(x, 1, 1)},
	{name: 'upsampling', inputs: {x: image}, apply: (_, {x}) => nn.upsampleNearest2(x)},
	{name: 'resizing to an odd size', inputs: {x: image}, apply: (_, {x}) => nn.resizeNearest(x, [9, 5])},
	{
		name: 'checkpointed block',
		inputs: {x: tokens},
		apply: (p, {x}) => nn.checkpoint(p, [x], (p, [x]) => nn.add(x, nn.linear(p.at('fc2'), nn.silu(nn.linear(p.at('fc1'), nn.layerNorm(p.at('norm'), x, {epsilon: 1e-5}), {out: 12})), {out: 8}))),
	},
];

export interface Differentiated {
	readonly output: Float32Array;
	/** Of Σ output · weights, per float input and parameter. */
	readonly gradients: ReadonlyMap<string, Float32Array>;
	/** Σ output · weights, with one of these tensors moved by `by` along its random direction. */
	lossAt(name: string, by: number): number;
	/** The derivative of that at 0, by the gradient. */
	slope(name: string): number;
}

/** Runs a layer and its gradient in the given mode on fixed random values. Parameters are inputs named `p/<name>`. */
export function differentiate(layer: LayerCase, options: CompileOptions): Differentiated {
	const declarations = nn.declareParameters(layer.apply, layer.inputs);
	const signature: Record<string, Signature[string]> = {...layer.inputs};
	for (const {name, shape, layout} of declarations) signature[`p/${name}`] = float(...nn.deviceShape(shape, layout));
	const floats = Object.keys(signature).filter(name => signature[name].dtype === 'float32');
	const size = (name: string) => signature[name].shape.reduce((a, b) => a * b, 1);
	const random = (name: string, stream: string) => normals(size(name), {seed: 7, stream: `${layer.name} ${name} ${stream}`});
	const values = Object.fromEntries(Object.keys(signature).map(name => [name, layer.values?.[name] ?? random(name, 'value')]));
	const directions = Object.fromEntries(floats.map(name => [name, random(name, 'direction')]));

	const compiled = compile(
		layer.name,
		tensors => {
			const parameters = new Map(declarations.map(({name}) => [name, tensors[`p/${name}`]]));
			const forward = () => layer.apply(nn.scopeOver(parameters), tensors);
			const dy = outputWeights(forward().shape, layer.name);
			const {value, gradients} = nn.gradients(forward, floats.map(name => tensors[name]), dy);
			return {output: value, loss: ops.sum(ops.multiply(ops.toFloat32(value), dy), ops.allAxes(value)), ...Object.fromEntries(floats.map((name, i) => [`d ${name}`, gradients[i]]))};
		},
		signature,
		options,
	);
	const result = compiled.call(values);
	const gradients = new Map(floats.map(name => [name, result[`d ${name}`]]));
	return {
		output: result.output,
		gradients,
		lossAt: (name, by) => compiled.call({...values, [name]: (values[name] as Float32Array).map((value, i) => value + by * directions[name][i])}).loss[0],
		slope: name => (gradients.get(name) as Float32Array).reduce((sum, g, i) => sum + g * directions[name][i], 0),
	};
}

function outputWeights(shape: readonly number[], name: string): Tensor {
	return ops.table(normals(shape.reduce((a, b) => a * b, 1), {seed: 7, stream: `${name} output`}), shape);
}
