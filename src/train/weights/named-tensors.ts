import type {Dtype} from './dtypes.ts';
import {encodeFloats, type FloatType} from './half.ts';
import type {SafetensorsFile} from './safetensors.ts';
import type {TensorToWrite} from './safetensors-writer.ts';

/** A tensor under its checkpoint name. `read` is asked when its turn to be written comes. */
export interface NamedTensor {
	readonly name: string;
	/** As on disk: convolutions [out, in, kernel, kernel], linear [out, in]. */
	readonly shape: readonly number[];
	/** Row-major values. */
	read(): Promise<Float32Array> | Float32Array;
	/** As they lie in a file, where they come from one: written without a change when the type stays. */
	readonly raw?: {readonly dtype: Dtype; read(): Promise<Uint8Array>};
}

/** A tensor of an open file. */
export const namedTensor = (file: SafetensorsFile, name: string): NamedTensor => {
	const {dtype, shape} = file.get(name);
	return {name, shape, read: () => file.readFloat32(name), raw: {dtype, read: () => file.readBytes(name)}};
};

/** What a save has to say. */
export interface SaveReport {
	/** Tensors with finite values that the data type cannot hold: they became infinite, and how many. */
	readonly overflows: readonly {readonly name: string; readonly count: number}[];
}

/** Collects a save's report while its tensors are encoded. */
export class Encoder {
	readonly overflows: {name: string; count: number}[] = [];

	/** @param onBytes hears of the bytes of every tensor, in their new type */
	constructor(private readonly onBytes: (bytes: number) => void = () => undefined) {}

	encode(name: string, values: Float32Array, dtype: FloatType): Uint8Array {
		return encodeFloats(values, dtype, {onOverflow: count => this.overflows.push({name, count})});
	}

	fresh({name, shape, read, raw}: NamedTensor, dtype: FloatType): TensorToWrite {
		return this.#entry({name, dtype, shape, bytes: raw?.dtype === dtype ? () => raw.read() : async () => this.encode(name, await read(), dtype)});
	}

	/** A tensor of a file, in another type when it has to change. */
	stored(file: SafetensorsFile, name: string, wanted?: FloatType): TensorToWrite {
		const {dtype, shape} = file.get(name);
		if (wanted === undefined || !isFloat(dtype)) return this.#entry({name, dtype, shape, bytes: () => file.readBytes(name)});
		return this.fresh(namedTensor(file, name), wanted);
	}

	#entry(entry: TensorToWrite): TensorToWrite {
		return {
			...entry,
			bytes: async () => {
				const bytes = await entry.bytes();
				this.onBytes(bytes.length);
				return bytes;
			},
		};
	}
}

const isFloat = (dtype: Dtype): boolean => dtype === 'F16' || dtype === 'BF16' || dtype === 'F32' || dtype === 'F64';

/** The type that most of a file's numbers have. */
export function mainType({tensors}: Pick<SafetensorsFile, 'tensors'>): FloatType {
	const bytes = (type: FloatType) => [...tensors.values()].reduce((sum, {dtype, begin, end}) => sum + (dtype === type ? end - begin : 0), 0);
	const types = ['F32', 'F16', 'BF16'] as const;
	return types.reduce((most, type) => (bytes(type) > bytes(most) ? type : most));
}
