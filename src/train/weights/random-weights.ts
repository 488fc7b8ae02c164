import path from 'node:path';
import {normals, uniforms} from '../random.ts';
import type {TextEncoderConfig} from './configs.ts';
import type {ModelStructure} from './diffusers-folder.ts';
import {elementCount} from './dtypes.ts';
import type {LoraNetwork} from './lora-names.ts';
import {networks} from './network-files.ts';
import {networkTensors, type TensorShapes} from './network-tensors.ts';
import {SafetensorsFile, type StoredTensor} from './safetensors.ts';

/** Networks that begin from random weights instead of those of the base model. */
export interface RandomStart {
	readonly networks: readonly LoraNetwork[];
	/** Any safe integer. */
	readonly seed: number;
}

/** How the values of a tensor are drawn: all the same, evenly from −bound to bound, or from N(0, deviation²). */
export type Distribution = {readonly constant: number} | {readonly bound: number} | {readonly deviation: number};

/**
 * A network whose weights are drawn, as PyTorch and transformers begin such networks, when they are asked for: pure functions of the
 * seed and the tensor's name. It is used like one that lies in a file; messages call it by its config.
 */
export function randomWeights(network: LoraNetwork, structure: Pick<ModelStructure, 'folder' | 'unetConfig' | 'vaeConfig' | 'textEncoderConfig'>, seed: number): SafetensorsFile {
	const shapes = networkTensors(structure)[network];
	const {folder} = networks[network];
	const tensors = [...shapes].map(([name, {shape}]): [string, StoredTensor] => {
		const draw = () => drawn(elementCount(shape), distributionOf(network, name, shapes, structure.textEncoderConfig), {seed, stream: `start of ${folder}.${name}`});
		return [name, {dtype: 'F32', shape, begin: 0, end: 4 * elementCount(shape), read: async (begin, end) => new Uint8Array(new Uint8Array(draw().buffer, begin, end - begin))}];
	});
	return new SafetensorsFile(path.join(structure.folder, folder, 'config.json'), new Map(), new Map(tensors), []);
}

/** How a tensor begins. `shapes`: of its whole network. */
export const distributionOf = (network: LoraNetwork, name: string, shapes: TensorShapes, config: Pick<TextEncoderConfig, 'hiddenSize' | 'numHiddenLayers'>): Distribution => {
	const layer = name.slice(0, name.lastIndexOf('.'));
	const weight = shapes.get(`${layer}.weight`)?.shape ?? [];
	// Layers whose weight is a vector are normalizations.
	if (weight.length === 1) return {constant: name.endsWith('.weight') ? 1 : 0};
	// PyTorch's linear maps and convolutions: He et al. 2015 with a = √5, which comes to 1/√inputs for weights and biases.
	if (network === 'unet') return {bound: elementCount(weight.slice(1)) ** -0.5};
	return name.endsWith('.bias') ? {constant: 0} : {deviation: textDeviation(layer, config)};
};

/** CLIP's, as transformers has them (CLIPPreTrainedModel). */
function textDeviation(layer: string, {hiddenSize, numHiddenLayers}: Pick<TextEncoderConfig, 'hiddenSize' | 'numHiddenLayers'>): number {
	const [own, perLayer] = [hiddenSize ** -0.5, (2 * numHiddenLayers) ** -0.5];
	if (layer.endsWith('_embedding')) return 0.02;
	if (layer.endsWith('.out_proj')) return own;
	return layer.endsWith('.fc1') ? (2 * hiddenSize) ** -0.5 : own * perLayer;
}

function drawn(count: number, distribution: Distribution, key: {readonly seed: number; readonly stream: string}): Float32Array {
	if ('constant' in distribution) return new Float32Array(count).fill(distribution.constant);
	const [values, scale, shift] = 'bound' in distribution ? [uniforms(count, key), 2 * distribution.bound, distribution.bound] : [normals(count, key), distribution.deviation, 0];
	for (let i = 0; i < count; i++) values[i] = values[i] * scale - shift;
	return values;
}
