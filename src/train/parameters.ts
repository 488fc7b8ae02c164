import type {Tensor} from '@tensorflow/tfjs';
import {createVariable, disposeVariable, readVariable, type State, type Variable} from './graph/index.ts';
import {deviceShape, permutationOf, type Declaration} from './nn/index.ts';

/** Where a parameter's first value comes from: a checkpoint file, another set. */
export interface ParameterSource {
	/** The values of the named tensor in the order they have on disk. */
	readFloat32(name: string): Promise<Float32Array> | Float32Array;
}

/** A parameter as it is written to disk. */
export interface StoredTensor {
	readonly name: string;
	readonly shape: readonly number[];
	read(): Float32Array;
}

/** The weights of one network on the device, by the names of the checkpoint. */
export class Parameters {
	private constructor(
		readonly declarations: readonly Declaration[],
		private readonly variables: ReadonlyMap<string, Variable>,
	) {}

	/** Uploads every declared parameter. `dtype`: FLOAT32 for what is trained, a half for what is only used. */
	static async load(network: string, declarations: readonly Declaration[], source: ParameterSource, {dtype}: {dtype?: number} = {}): Promise<Parameters> {
		const variables = new Map<string, Variable>();
		for (const {name, shape, layout} of declarations) {
			const values = await source.readFloat32(name);
			variables.set(name, createVariable(`${network}.${name}`, deviceShape(shape, layout), {values, permutation: permutationOf(layout), dtype}));
		}
		return new Parameters(declarations, variables);
	}

	/** A set of the same parameters, all zero: the slots of an optimizer, accumulators. */
	zeros(purpose: string): Parameters {
		return new Parameters(
			this.declarations,
			new Map([...this.variables].map(([name, {name: full, shape}]) => [name, createVariable(`${full}/${purpose}`, shape, {values: 0})])),
		);
	}

	/** A set of the same parameters with the values they have now. */
	copy(purpose: string): Parameters {
		return new Parameters(
			this.declarations,
			new Map([...this.variables].map(([name, variable]) => [name, createVariable(`${variable.name}/${purpose}`, variable.shape, {values: readVariable(variable)})])),
		);
	}

	get names(): string[] {
		return this.declarations.map(({name}) => name);
	}

	/** Number of values. */
	get size(): number {
		return this.declarations.reduce((total, {shape}) => total + shape.reduce((product, n) => product * n, 1), 0);
	}

	variable(name: string): Variable {
		const variable = this.variables.get(name);
		if (!variable) throw new Error(`There is no parameter ${name}.`);
		return variable;
	}

	/** All parameters inside a function being compiled. */
	tensors(state: State): Map<string, Tensor> {
		return new Map([...this.variables].map(([name, variable]) => [name, state.read(variable)]));
	}

	/** For writing: names and shapes of the checkpoint, each value read from the device when asked for. */
	stored(): StoredTensor[] {
		return this.declarations.map(({name, shape, layout}) => ({name, shape, read: () => readVariable(this.variable(name), permutationOf(layout))}));
	}

	dispose(): void {
		for (const variable of this.variables.values()) disposeVariable(variable);
	}
}
