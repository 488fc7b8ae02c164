import type {Attribute, Binding, HostValues, Runtime, TensorMetadata} from '../runtime/index.ts';

/**
 * What stands behind the tfjs backend while a compiled function is being made or run: either TensorFlow itself, executing
 * each operation at once, or a graph that only records it. Tensors are ids; dtypes are the real ones, halves included.
 */
export interface Executor {
	execute(type: string, attributes: readonly Attribute[], ids: readonly number[], outputs: number): TensorMetadata[];
	dtypeOf(id: number): number;
	/** A second id for the same value. */
	alias(id: number): TensorMetadata;
	/** Equal for ids of the same value, so that a cast is made once; undefined when that is not known. */
	identityOf(id: number): string | undefined;
	release(id: number): void;
	createTensor(shape: number[], dtype: number, values: HostValues): number;
	read(id: number): HostValues;
}

/** Runs every operation at once. The slow mode: the numeric reference of the other two. */
export class EagerExecutor implements Executor {
	readonly #binding: Binding;
	readonly #dtypes = new Map<number, number>();

	constructor(runtime: Runtime) {
		this.#binding = runtime.binding;
	}

	/** Makes an id from outside (a variable's handle, an input) known. */
	adopt(id: number, dtype: number): void {
		this.#dtypes.set(id, dtype);
	}

	execute(type: string, attributes: readonly Attribute[], ids: readonly number[], outputs: number): TensorMetadata[] {
		const made = this.#binding.executeOp(type, attributes, ids, outputs);
		for (const {id, dtype} of made) this.#dtypes.set(id, dtype);
		return made;
	}

	dtypeOf(id: number): number {
		const dtype = this.#dtypes.get(id);
		if (dtype === undefined) throw new Error(`Tensor ${id} was not made inside this function.`);
		return dtype;
	}

	alias(id: number): TensorMetadata {
		return this.execute('Identity', [], [id], 1)[0];
	}

	identityOf(): undefined {
		return undefined;
	}

	release(id: number): void {
		this.#dtypes.delete(id);
		this.#binding.deleteTensor(id);
	}

	createTensor(shape: number[], dtype: number, values: HostValues): number {
		const id = this.#binding.createTensor(shape, dtype, values);
		this.#dtypes.set(id, dtype);
		return id;
	}

	read(id: number): HostValues {
		return this.#binding.tensorDataSync(id);
	}
}
