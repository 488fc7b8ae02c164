import type {Tensor} from '@tensorflow/tfjs';
import type {State} from './graph/index.ts';
import {declareAdapter, type LoraHost} from './models/index.ts';
import {scopeOver, type Adapter, type Scope} from './nn/index.ts';
import {Parameters, type ParameterSource} from './parameters.ts';
import type {LoraModule, LoraNetwork} from './weights/index.ts';

/** A module and the size of its adapter. */
export interface PlannedAdapter {
	readonly host: LoraHost;
	readonly rank: number;
	readonly alpha: number;
}

/** The adapters (LoRA) of one network on the device. */
export class Adapters {
	private constructor(
		private readonly network: LoraNetwork,
		private readonly planned: readonly PlannedAdapter[],
		/** Their down and up parts, by the names of the modules: `….to_q.lora_A.weight`. */
		readonly parameters: Parameters,
		/** By the paths of their modules. */
		readonly modules: ReadonlyMap<string, Adapter>,
	) {}

	/** @param strength what all of them are multiplied by, besides alpha / rank */
	static async load(network: LoraNetwork, planned: readonly PlannedAdapter[], source: ParameterSource, {strength = 1}: {strength?: number} = {}): Promise<Adapters> {
		const parameters = await Parameters.load(`${network}.lora`, planned.flatMap(({host, rank}) => declareAdapter(host, rank)), source);
		return new Adapters(network, planned, parameters, new Map(planned.map(({host, rank, alpha}) => [host.path, {rank, scale: (strength * alpha) / rank}])));
	}

	/** For writing. */
	get stored(): LoraModule[] {
		const tensors = new Map(this.parameters.stored().map(tensor => [tensor.name, tensor]));
		return this.planned.map(({host, rank, alpha}) => {
			const [down, up] = declareAdapter(host, rank).map(({name, shape}) => ({shape, read: () => tensors.get(name)?.read() as Float32Array}));
			return {network: this.network, path: host.path, rank, alpha, down, up};
		});
	}
}

/** The adapters of a model. */
export type ModelAdapters = Readonly<Partial<Record<LoraNetwork, Adapters>>>;

/** A network as it is used: its weights, and the adapters that add to them. */
export interface Network {
	readonly weights: Parameters;
	readonly adapters?: Adapters;
}

/**
 * A network inside a function being compiled. What belongs to `trained` (the weights, the adapters) are its parameters, with
 * `tensors` to differentiate by; the rest has no gradient.
 */
export function networkScope({weights, adapters}: Network, state: State, {trained}: {trained?: Parameters} = {}): {scope: Scope; tensors: ReadonlyMap<string, Tensor>} {
	const tensors = new Map<string, Tensor>();
	const constants = new Map<string, Tensor>();
	for (const set of [weights, ...(adapters ? [adapters.parameters] : [])]) {
		for (const [name, tensor] of set.tensors(state)) (set === trained ? tensors : constants).set(name, tensor);
	}
	return {scope: scopeOver(tensors, {constants, adapters: adapters?.modules}), tensors};
}
