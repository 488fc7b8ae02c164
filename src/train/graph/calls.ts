import type {HostValues, Runtime} from '../runtime/index.ts';
import {FLOAT32, INT32} from './dtypes.ts';

export interface InputSpec {
	readonly shape: readonly number[];
	readonly dtype: 'float32' | 'int32';
}
export type Signature = Readonly<Record<string, InputSpec>>;

/** A value that stays on the device: the output of one function can be the input of another. */
export interface DeviceTensor {
	readonly id: number;
	readonly shape: readonly number[];
	/** Copies the value to the host; waits for the device. */
	read(): Float32Array;
	dispose(): void;
}

export interface Compiled<S extends Signature> {
	/** Unique in the process, the same in every process: part of XLA's cache key. */
	readonly name: string;
	/** Operations in the traced graph; 0 in eager mode. */
	readonly operations: number;
	/** Starts the function and returns its outputs, which the caller reads and disposes. */
	run(inputs: {readonly [K in keyof S]: HostValues | DeviceTensor}): Record<string, DeviceTensor>;
	/** As run, and reads every output. */
	call(inputs: {readonly [K in keyof S]: HostValues | DeviceTensor}): Record<string, Float32Array>;
	dispose(): void;
}

/** Runs a function with the ids of its inputs: values of the host are copied to the device, and gone from it after the call. @throws where one has another size */
export function withInputs<S extends Signature, T>(runtime: Runtime, signature: S, inputs: {readonly [K in keyof S]: HostValues | DeviceTensor}, run: (ids: number[]) => T): T {
	const uploaded: number[] = [];
	try {
		return run(Object.entries(signature).map(([input, {shape, dtype}]) => {
			const value = inputs[input as keyof S];
			if ('id' in value) return value.id;
			const size = shape.reduce((product, n) => product * n, 1);
			if (value.length !== size) throw new Error(`The input "${input}" holds ${size} values [${shape.join()}], not ${value.length}.`);
			const id = runtime.binding.createTensor([...shape], dtype === 'int32' ? INT32 : FLOAT32, value);
			uploaded.push(id);
			return id;
		}));
	} finally {
		for (const id of uploaded) runtime.binding.deleteTensor(id);
	}
}

/** Adds the call that reads everything. */
export function withCall<S extends Signature>(compiled: Omit<Compiled<S>, 'call'>): Compiled<S> {
	return {
		...compiled,
		call(inputs) {
			const outputs = Object.entries(compiled.run(inputs));
			try {
				return Object.fromEntries(outputs.map(([output, tensor]) => [output, tensor.read()]));
			} finally {
				for (const [, tensor] of outputs) tensor.dispose();
			}
		},
	};
}

export function deviceTensor({binding}: Runtime, id: number, shape: readonly number[]): DeviceTensor {
	return {
		id,
		shape,
		read: () => binding.tensorDataSync(id) as Float32Array,
		dispose: () => binding.deleteTensor(id),
	};
}
