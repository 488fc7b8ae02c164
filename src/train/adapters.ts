import type {Tensor} from '@tensorflow/tfjs';
import type {State} from './graph/index.ts';
import {declareAdapter, hostsOf, type LoraHost} from './models/index.ts';
import {scopeOver, type Adapter, type Declaration, type Dropout, type Scope} from './nn/index.ts';
import {Parameters} from './parameters.ts';
import {normals, uniforms} from './random.ts';
import type {LoraModule, LoraNetwork} from './weights/index.ts';

/** A module and the size of its adapter. */
export interface PlannedAdapter {
	readonly host: LoraHost;
	readonly rank: number;
	readonly alpha: number;
}

/** What A begins with: uniform within ±1/√(inputs), as torch initialises a linear map, and kohya and peft an adapter; or normal with a deviation of 1/rank. */
export type AdapterInit = 'kaiming' | 'gaussian';

export interface AdapterOptions {
	readonly seed?: number;
	/** What all of them are multiplied by, besides alpha / rank. */
	readonly strength?: number;
	readonly init?: AdapterInit;
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

	/** Adapters that change nothing yet: B is zero. */
	static async create(network: LoraNetwork, planned: readonly PlannedAdapter[], {seed = 0, strength = 1, init = 'kaiming'}: AdapterOptions = {}): Promise<Adapters> {
		const declarations = planned.flatMap(({host, rank}) => declareAdapter(host, rank));
		const byName = new Map(declarations.map(declaration => [declaration.name, declaration]));
		const parameters = await Parameters.load(`${network}.lora`, declarations, {readFloat32: name => initialValues(byName.get(name) as Declaration, {seed, init})});
		return new Adapters(network, planned, parameters, new Map(planned.map(({host, rank, alpha}) => [host.path, {rank, scale: (strength * alpha) / rank}])));
	}

	/** Makes all of them change nothing. */
	async clear(): Promise<void> {
		const sizes = new Map(this.parameters.declarations.map(({name, shape}) => [name, shape.reduce((product, n) => product * n, 1)]));
		await this.parameters.restore({readFloat32: name => new Float32Array(sizes.get(name) as number)});
	}

	/** Takes over the adapters of a file, as far as it has them. Where their alpha is another, B is scaled so that they do the same. */
	async restore(modules: readonly LoraModule[]): Promise<void> {
		const found = new Map(modules.filter(({network}) => network === this.network).map(module => [module.path, module]));
		const values = new Map<string, () => Promise<Float32Array> | Float32Array>(this.parameters.stored().map(({name, read}) => [name, read]));
		for (const {host, rank, alpha} of this.planned) {
			const module = found.get(host.path);
			if (module === undefined) continue;
			const [down, up] = declareAdapter(host, rank);
			values.set(down.name, () => module.down.read());
			values.set(up.name, async () => (await module.up.read()).map(value => (value * module.alpha) / alpha));
		}
		await this.parameters.restore({readFloat32: async name => values.get(name)!()});
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

/** Of A, [rank, inputs], or B, which is zero. */
const initialValues = ({name, shape: [rows, ...inner]}: Declaration, {seed, init}: {seed: number; init: AdapterInit}): Float32Array => {
	const inputs = inner.reduce((product, n) => product * n, 1);
	if (name.endsWith('.lora_B.weight')) return new Float32Array(rows * inputs);
	if (init === 'gaussian') return normals(rows * inputs, {seed, stream: name}).map(value => value / rows);
	return uniforms(rows * inputs, {seed, stream: name}).map(value => (2 * value - 1) / Math.sqrt(inputs));
};

/** Adapters like those of a file, for the network with these parameters. */
export function plannedLike(modules: readonly LoraModule[], network: LoraNetwork, declarations: readonly Declaration[]): PlannedAdapter[] {
	const own = new Map(modules.filter(module => module.network === network).map(module => [module.path, module]));
	return hostsOf(declarations).flatMap(host => {
		const module = own.get(host.path);
		return module ? [{host, rank: module.rank, alpha: module.alpha}] : [];
	});
}

/** The adapters of a model. */
export type ModelAdapters = Readonly<Partial<Record<LoraNetwork, Adapters>>>;

/** A network as it is used: its weights, and the adapters that add to them. */
export interface Network {
	readonly weights: Parameters;
	readonly adapters?: Adapters;
}

interface NetworkScope {
	readonly scope: Scope;
	/** The same, with values left out of what adapters are given. */
	dropping(dropout: Dropout | undefined): Scope;
	readonly tensors: ReadonlyMap<string, Tensor>;
}

/**
 * A network inside a function being compiled. What belongs to `trained` (the weights, the adapters) are its parameters, with
 * `tensors` to differentiate by; the rest has no gradient.
 */
export function networkScope({weights, adapters}: Network, state: State, {trained}: {trained?: Parameters} = {}): NetworkScope {
	const tensors = new Map<string, Tensor>();
	const constants = new Map<string, Tensor>();
	for (const set of [weights, ...(adapters ? [adapters.parameters] : [])]) {
		for (const [name, tensor] of set.tensors(state)) (set === trained ? tensors : constants).set(name, tensor);
	}
	const scope = (dropout?: Dropout) => scopeOver(tensors, {constants, adapters: adapters?.modules, dropout});
	return {scope: scope(), dropping: dropout => (dropout ? scope(dropout) : scope()), tensors};
}
