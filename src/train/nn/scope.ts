import type {Tensor} from '@tensorflow/tfjs';
import {compile, ops, type Signature} from '../graph/index.ts';
import type {Dropout} from './dropout.ts';
import {filterOrder} from './filter-order.ts';

/** How a tensor of the checkpoint lies on the device. */
export type Layout =
	/** As on disk. */
	| 'same'
	/** A convolution: [out, in, height, width] on disk; on the device see filter-order.ts. */
	| 'convolution'
	/** A 1x1 convolution: [out, in, 1, 1] on disk, [out, in] on the device. */
	| 'pointwise';

/**
 * Parameters by name, as a network sees them. Scopes nest like the modules of the checkpoint, so the path in the code is
 * the key in the file: `p.at('down_blocks').at(0).at('resnets').at(1).at('conv1').get('weight', ...)`.
 */
export interface Scope {
	at(name: string | number): Scope;
	/** The tensor in its device layout; `shape` is the one on disk. Asking declares it. */
	get(name: string, shape: readonly number[], layout?: Layout): Tensor;
	/** All parameters under this scope by their full names, as far as known: what a recomputed block depends on. Constants are none. */
	parameters(): readonly (readonly [name: string, tensor: Tensor])[];
	/** A scope of the same names with other tensors, in the order of `parameters()`. */
	withParameters(tensors: readonly Tensor[]): Scope;
	/** What is added to the output of the module at this path. */
	readonly adapter?: Adapter;
	/** Of the inputs of adapters, while they are trained. */
	readonly dropout?: Dropout;
	/** A scope that calls `seen` with the path and output of each module that reports itself; for tests of single blocks. */
	readonly observer?: (path: string, output: Tensor) => void;
	/** The path of this scope, '' at the root. */
	readonly path: string;
}

/** A low-rank adapter (LoRA): parameters lora_A.weight, with `rank` outputs, and lora_B.weight. */
export interface Adapter {
	readonly rank: number;
	/** What B(A(x)) is multiplied by: alpha / rank. */
	readonly scale: number;
}

export interface Declaration {
	readonly name: string;
	/** On disk. */
	readonly shape: readonly number[];
	readonly layout: Layout;
}

/** The permutation that brings a disk tensor of this layout to the device, none where the bytes stay in order. */
export const permutationOf = (layout: Layout): readonly number[] | undefined => (layout === 'convolution' ? filterOrder().fromDisk : undefined);

export function deviceShape(shape: readonly number[], layout: Layout): readonly number[] {
	if (layout === 'pointwise') return shape.slice(0, 2);
	return permutationOf(layout)?.map(axis => shape[axis]) ?? shape;
}

const join = (path: string, name: string | number) => (path === '' ? String(name) : `${path}.${name}`);

export interface ScopeOptions {
	readonly path?: string;
	readonly observer?: Scope['observer'];
	/** Tensors that are used like parameters and have no gradient: the weights beneath adapters that are trained. */
	readonly constants?: ReadonlyMap<string, Tensor>;
	/** By the paths of their modules. */
	readonly adapters?: ReadonlyMap<string, Adapter>;
	readonly dropout?: Dropout;
}

/** A scope over tensors that exist. @throws when the network asks for a name that is not there. */
export function scopeOver(tensors: ReadonlyMap<string, Tensor>, {path = '', ...options}: ScopeOptions = {}): Scope {
	const {observer, constants, adapters, dropout} = options;
	const prefix = path === '' ? '' : `${path}.`;
	const entries = () => [...tensors].filter(([name]) => name.startsWith(prefix));
	return {
		path,
		observer,
		adapter: adapters?.get(path),
		dropout,
		at: name => scopeOver(tensors, {...options, path: join(path, name)}),
		get(name) {
			const full = join(path, name);
			const tensor = tensors.get(full) ?? constants?.get(full);
			if (!tensor) throw new Error(`The network asks for the parameter ${join(path, name)}, which was not loaded.`);
			return tensor;
		},
		parameters: entries,
		withParameters(replacements) {
			const own = entries();
			return scopeOver(new Map(own.map(([name], i) => [name, replacements[i]])), {...options, path});
		},
	};
}

/**
 * Which parameters a network has: names and shapes, in the order of use. Traces it once with symbols in place of the
 * parameters, so the network's own code is the only description of its structure. Nothing is computed.
 */
export function declareParameters<S extends Signature>(network: (p: Scope, inputs: {readonly [K in keyof S]: Tensor}) => Tensor | readonly Tensor[], signature: S): Declaration[] {
	const declared = new Map<string, Declaration>();
	const declaring = (path: string): Scope => ({
		path,
		at: name => declaring(join(path, name)),
		get(name, shape, layout = 'same') {
			const full = join(path, name);
			const known = declared.get(full);
			if (known && known.shape.join() !== shape.join()) throw new Error(`The network uses ${full} as [${known.shape.join()}] and as [${shape.join()}].`);
			declared.set(full, {name: full, shape, layout});
			return ops.filled(deviceShape(shape, layout), 0);
		},
		parameters: () => [],
		withParameters: () => declaring(path),
	});
	const traced = compile(
		'declaration',
		inputs => {
			const made = network(declaring(''), inputs);
			const [output] = Array.isArray(made) ? (made as readonly Tensor[]) : [made as Tensor];
			return {output};
		},
		signature,
		{mode: 'graph'},
	);
	traced.dispose();
	return [...declared.values()];
}
