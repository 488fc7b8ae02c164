import type {Tensor} from '@tensorflow/tfjs';
import {assignVariable, createVariable, disposeVariable, emptyVariable, FLOAT32, ops, readVariable, type HalfValues, type State, type Variable} from './graph/index.ts';
import {deviceShape, permutationOf, type Declaration} from './nn/index.ts';
import {BLOCK, SMALLEST} from './optim/index.ts';

/** Where a parameter's values come from: a checkpoint file, another set. */
export interface ParameterSource {
	/** The values of the named tensor in the order they have on disk. */
	readFloat32(name: string): Promise<Float32Array> | Float32Array;
	/** The same as they lie on disk, where that is in half precision. */
	readHalves?(name: string): Promise<HalfValues | undefined>;
}

/** A parameter as it is written to disk. */
export interface StoredTensor {
	readonly name: string;
	readonly shape: readonly number[];
	/** Whole numbers 0 … 255 in one byte each; absent: floats. */
	readonly dtype?: 'U8';
	read(): Float32Array;
}

/** Values of a network's parameters that a checkpoint holds: the weights, a slot of the optimizer, an average. */
export interface ParameterSet {
	/** In a checkpoint. */
	readonly bytes: number;
	/** For writing: names and shapes of the checkpoint, the values read when asked for. */
	stored(): StoredTensor[];
	/** Overwrites all values. */
	restore(source: ParameterSource): Promise<void>;
	dispose(): void;
}

/**
 * Parameters that share a variable. A network has hundreds of small tensors, and an operation on one costs as much as on
 * all of them joined: tensors below a limit lie one after another in one variable, larger ones have their own.
 */
export interface Block {
	readonly variable: Variable;
	readonly members: readonly Member[];
}

interface Member {
	readonly declaration: Declaration;
	/** On the device. */
	readonly shape: readonly number[];
	readonly size: number;
	/** First value in the variable. */
	readonly offset: number;
}

/** Values. 1 MiB: half of a 512x512 layer. */
const PACKED_BELOW = 2 ** 18;

/**
 * What shares a variable. Quantized state (optim/blockwise.ts) is cut into blocks of 256 values from a tensor's beginning, and
 * small tensors have none: so tensors that fill whole blocks lie together, small ones together, and others alone.
 */
const packOf = (size: number): 'small' | 'whole blocks' | undefined => (size < SMALLEST ? 'small' : size < PACKED_BELOW && size % BLOCK === 0 ? 'whole blocks' : undefined);

/** The weights of one network on the device, by the names of the checkpoint. */
export class Parameters implements ParameterSet {
	/** In host memory, of each block, once they have rested. Nothing trains what rests, so that they stay true. */
	#hostValues: readonly Float32Array[] | undefined;
	#rests = false;

	private constructor(
		readonly declarations: readonly Declaration[],
		readonly blocks: readonly Block[],
	) {}

	/**
	 * Uploads every declared parameter. `dtype`: FLOAT32 for what is trained, a half for what is only used; normalization, which
	 * computes in f32, keeps its parameters so. `apart`: names that share no variable with others, because they are not trained
	 * together with them.
	 */
	static async load(network: string, declarations: readonly Declaration[], source: ParameterSource, {dtype: wanted = FLOAT32, apart = new Set()}: {dtype?: number; apart?: ReadonlySet<string>} = {}): Promise<Parameters> {
		const blocks: Block[] = [];
		const dtypes = heldAs(declarations, wanted);
		for (const members of arranged(declarations, {apart, dtypes})) {
			const dtype = dtypes.get(members[0].declaration.name);
			const shape = isPacked(members) ? [sizeOf(members)] : members[0].shape;
			const name = isPacked(members) ? `${network}.packed_${blocks.length}` : `${network}.${members[0].declaration.name}`;
			const block = {variable: createVariable(name, shape, {dtype}), members};
			await assign(block, source);
			blocks.push(block);
		}
		return new Parameters(declarations, blocks);
	}

	/** A set of the same parameters, all zero: the slots of an optimizer, accumulators. */
	zeros(purpose: string): Parameters {
		return this.#alike(purpose, () => 0);
	}

	/** A set of the same parameters with the values they have now. */
	copy(purpose: string): Parameters {
		return this.#alike(purpose, variable => readVariable(variable));
	}

	async restore(source: ParameterSource): Promise<void> {
		this.wake();
		this.#hostValues = undefined;
		for (const block of this.blocks) await assign(block, source);
	}

	/** Leaves the device for host memory, and says whether it was there. For networks that are only used, and seldom. */
	rest(): boolean {
		if (this.#rests) return false;
		this.#hostValues ??= this.blocks.map(({variable}) => readVariable(variable));
		for (const {variable} of this.blocks) emptyVariable(variable);
		return (this.#rests = true);
	}

	/** Back on the device, if it rests. */
	wake(): void {
		if (!this.#rests) return;
		for (const [i, {variable}] of this.blocks.entries()) assignVariable(variable, this.#hostValues![i]);
		this.#rests = false;
	}

	/** The values of a source for one block, as its variable has them. */
	async valuesOf(block: number, source: ParameterSource): Promise<Float32Array> {
		return joined(this.blocks[block].members, source);
	}

	get names(): string[] {
		return this.declarations.map(({name}) => name);
	}

	get bytes(): number {
		return 4 * this.size;
	}

	/** Number of values. */
	get size(): number {
		return this.blocks.reduce((total, {members}) => total + sizeOf(members), 0);
	}

	/** All parameters inside a function being compiled, in the order of their declaration. */
	tensors(state: State): Map<string, Tensor> {
		const found = new Map(this.blocks.flatMap(({variable, members}): (readonly [string, Tensor])[] => {
			const value = state.read(variable);
			if (!isPacked(members)) return [[members[0].declaration.name, value]];
			const parts = ops.split(value, members.map(({size}) => size));
			return members.map(({declaration, shape}, i) => [declaration.name, ops.reshape(parts[i], shape)]);
		}));
		return new Map(this.names.map(name => [name, found.get(name) as Tensor]));
	}

	/** `instead`: values in the layout of a block's variable that take the place of the block's own; then only its members. */
	stored(instead?: {readonly block: number; values(): Float32Array}): StoredTensor[] {
		const blocks = instead ? [this.blocks[instead.block]] : this.blocks;
		const packs = new Map<Block, Float32Array>();
		const read = (block: Block, {declaration, shape, size, offset}: Member): Float32Array => {
			if (!instead) this.wake();
			const permutation = permutationOf(declaration.layout);
			if (!instead && !isPacked(block.members)) return readVariable(block.variable, permutation);
			const pack = packs.get(block) ?? (instead ? instead.values() : readVariable(block.variable));
			// Of one tensor alone nothing is read twice, and it may be large.
			if (isPacked(block.members)) packs.set(block, pack);
			const values = pack.slice(offset, offset + size);
			return permutation ? reordered(values, {shape, permutation, to: 'disk'}) : values;
		};
		const found = new Map(blocks.flatMap(block => block.members.map(member => [member.declaration.name, () => read(block, member)] as const)));
		return this.declarations.flatMap(({name, shape}) => {
			const values = found.get(name);
			return values ? [{name, shape, read: values}] : [];
		});
	}

	dispose(): void {
		for (const {variable} of this.blocks) disposeVariable(variable);
	}

	#alike(purpose: string, values: (variable: Variable) => Float32Array | number): Parameters {
		const blocks = this.blocks.map(({variable, members}) => ({members, variable: createVariable(`${variable.name}/${purpose}`, variable.shape, {values: values(variable)})}));
		return new Parameters(this.declarations, blocks);
	}
}

/**
 * The gradient of a block's variable from those of its members; undefined when the loss reaches none of them.
 * @throws when it reaches only some, which then should have been kept apart
 */
export function blockGradient({variable, members}: Block, gradients: ReadonlyMap<string, Tensor>): Tensor | undefined {
	const found = members.map(({declaration}) => gradients.get(declaration.name));
	if (found.every(gradient => gradient === undefined)) return undefined;
	const missing = members[found.indexOf(undefined)];
	if (missing) throw new Error(`The loss does not depend on ${missing.declaration.name}, but on others that share its variable.`);
	const parts = (found as Tensor[]).map(gradient => ops.toFloat32(gradient));
	return isPacked(members) ? ops.concat(parts.map((part, i) => ops.reshape(part, [members[i].size])), 0) : ops.reshape(parts[0], variable.shape);
}

const isPacked = (members: readonly Member[]): boolean => packOf(members[0].size) !== undefined;
const sizeOf = (members: readonly Member[]): number => members.reduce((total, {size}) => total + size, 0);

/** The type of each parameter: layers whose weight is a vector are normalizations. */
function heldAs(declarations: readonly Declaration[], dtype: number): ReadonlyMap<string, number> {
	const layerOf = (name: string) => name.slice(0, name.lastIndexOf('.'));
	const normalizations = new Set(declarations.filter(({name, shape}) => name.endsWith('.weight') && shape.length === 1).map(({name}) => layerOf(name)));
	return new Map(declarations.map(({name}) => [name, normalizations.has(layerOf(name)) ? FLOAT32 : dtype]));
}

/** Those that stay apart share variables among themselves only, and so do those of one type. */
function arranged(declarations: readonly Declaration[], {apart, dtypes}: {apart: ReadonlySet<string>; dtypes: ReadonlyMap<string, number>}): Member[][] {
	const packs = new Map<string, Member[]>();
	const alone: Member[][] = [];
	for (const declaration of declarations) {
		const shape = deviceShape(declaration.shape, declaration.layout);
		const size = shape.reduce((product, n) => product * n, 1);
		const kind = packOf(size);
		if (!kind) {
			alone.push([{declaration, shape, size, offset: 0}]);
			continue;
		}
		const key = `${kind}, ${dtypes.get(declaration.name)}, ${apart.has(declaration.name) ? 'apart' : 'together'}`;
		const pack = packs.get(key) ?? [];
		pack.push({declaration, shape, size, offset: sizeOf(pack)});
		packs.set(key, pack);
	}
	return [...packs.values(), ...alone];
}

async function assign({variable, members}: Block, source: ParameterSource): Promise<void> {
	if (!isPacked(members)) {
		const [{declaration}] = members;
		const values = (await source.readHalves?.(declaration.name)) ?? (await source.readFloat32(declaration.name));
		assignVariable(variable, values, permutationOf(declaration.layout));
		return;
	}
	assignVariable(variable, await joined(members, source));
}

/** The members' values one after another, as they are on the device. */
async function joined(members: readonly Member[], source: ParameterSource): Promise<Float32Array> {
	const values = new Float32Array(sizeOf(members));
	for (const {declaration, shape, size, offset} of members) {
		const stored = await source.readFloat32(declaration.name);
		if (stored.length !== size) throw new Error(`${declaration.name} holds ${size} values, not ${stored.length}.`);
		const permutation = permutationOf(declaration.layout);
		values.set(permutation ? reordered(stored, {shape, permutation, to: 'device'}) : stored, offset);
	}
	return values;
}

interface Order {
	/** On the device. */
	readonly shape: readonly number[];
	/** Axis i on the device is this axis on disk. */
	readonly permutation: readonly number[];
	readonly to: 'disk' | 'device';
}

/** Four axes in another order. */
function reordered(values: Float32Array, {shape, permutation, to}: Order): Float32Array {
	const onDisk: number[] = [];
	for (const [i, axis] of permutation.entries()) onDisk[axis] = shape[i];
	const strides = permutation.map(axis => onDisk.slice(axis + 1).reduce((product, n) => product * n, 1));
	const result = new Float32Array(values.length);
	let device = 0;
	for (let a = 0; a < shape[0]; a++) {
		for (let b = 0; b < shape[1]; b++) {
			for (let c = 0; c < shape[2]; c++) {
				let disk = a * strides[0] + b * strides[1] + c * strides[2];
				for (let d = 0; d < shape[3]; d++, device++, disk += strides[3]) {
					if (to === 'device') result[device] = values[disk];
					else result[disk] = values[device];
				}
			}
		}
	}
	return result;
}
