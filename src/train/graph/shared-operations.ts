import {createHash} from 'node:crypto';
import type {Attribute, Pointer, Runtime} from '../runtime/index.ts';

/**
 * Operations that TensorFlow translates for XLA by way of MLIR, with a context and passes of its own for each use: 5 to 8 ms, where others take 0.03.
 * Training steps of Stable Diffusion have 800 to 2,800 of them: most of the time until a step runs that was compiled before.
 */
const slow: ReadonlySet<string> = new Set(['XlaOptimizationBarrier', 'Abs', 'Cos', 'Erf', 'Exp', 'Rsqrt', 'Sigmoid', 'Sign', 'Sin', 'Softmax', 'Sqrt', 'Tanh']);

export const isShared = (type: string): boolean => slow.has(type);

export interface Operation {
	readonly type: string;
	readonly attributes: readonly Attribute[];
	readonly inputs: readonly {readonly dtype: number; readonly shape: readonly number[]}[];
	readonly outputs: number;
}

export interface SharedFunction {
	readonly name: string;
	/** Of its outputs. */
	readonly shapes: readonly (readonly number[])[];
	/** TF_Function. */
	readonly pointer: Pointer;
}

/** `b: true`, as an AttrValue. */
const TRUE = Buffer.of(0x28, 0x01);

/** By what they do. They live as long as the process. */
const known = new Map<string, SharedFunction>();

/**
 * Makes such operations functions that TensorFlow must not inline (XLA does, later): it translates each once, for all uses on tensors of the same shapes
 * and types.
 */
export class SharedOperations {
	/** Names of the functions that the graph has in its library. */
	readonly #copied = new Set<string>();

	/** `make` makes a function of one operation. */
	constructor(
		private readonly runtime: Runtime,
		private readonly graph: Pointer,
		private readonly make: (name: string, operation: Operation) => SharedFunction,
	) {}

	/** The function to call instead of the operation; the graph knows it by its name. */
	functionOf(operation: Operation): SharedFunction {
		const {api, context} = this.runtime;
		const {type, attributes, inputs} = operation;
		const key = JSON.stringify([type, attributes, inputs.map(({dtype, shape}) => [dtype, shape])]);
		let made = known.get(key);
		if (!made) {
			made = this.make(`${type}_${createHash('sha256').update(key).digest('hex').slice(0, 12)}`, operation);
			api.setFunctionAttr(made.pointer, '_noinline', TRUE, TRUE.length, api.status);
			api.check(`making the function ${made.name}`);
			api.addFunction(context, made.pointer, api.status);
			api.check(`registering the function ${made.name}`);
			known.set(key, made);
		}
		if (!this.#copied.has(made.name)) {
			api.copyFunction(this.graph, made.pointer, null, api.status);
			api.check(`using the function ${made.name}`);
			this.#copied.add(made.name);
		}
		return made;
	}
}
