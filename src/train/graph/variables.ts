import {loadRuntime, type HostValues} from '../runtime/index.ts';
import {BFLOAT16, FLOAT16, FLOAT32, INT32, UINT8} from './dtypes.ts';

/** A value that lives on the device across calls and is updated in place: a weight, a moment of the optimizer, a counter. */
export interface Variable {
	readonly name: string;
	readonly shape: readonly number[];
	readonly dtype: number;
	/** The id of the resource handle in the addon. */
	readonly handle: number;
}

/** Values as two bytes each, as files have them: the device makes floats of them, faster than this program. */
export interface HalfValues {
	readonly type: 'F16' | 'BF16';
	readonly bytes: Uint8Array;
}

export interface Initial {
	/** All elements in row order, or one number for every element. Absent: the variable is assigned before it is read. */
	readonly values?: Float32Array | number;
	/** How `values` is laid out when it differs from `shape`: axis i of the variable is axis `permutation[i]` of `values`. */
	readonly permutation?: readonly number[];
	/** FLOAT32 unless a frozen weight is held in half precision. */
	readonly dtype?: number;
}

let made = 0;

/** Makes a variable on the device and gives it its first value. */
export function createVariable(name: string, shape: readonly number[], {values, permutation, dtype = FLOAT32}: Initial): Variable {
	const {binding} = loadRuntime();
	const [{id: handle}] = binding.executeOp(
		'VarHandleOp',
		[
			{name: 'dtype', type: binding.TF_ATTR_TYPE, value: dtype},
			{name: 'shape', type: binding.TF_ATTR_SHAPE, value: shape},
			// The shared name is the identity of the variable in TensorFlow, so it must not meet another run's.
			{name: 'shared_name', type: binding.TF_ATTR_STRING, value: `${name}#${made++}`},
			{name: 'container', type: binding.TF_ATTR_STRING, value: ''},
		],
		[],
		1,
	);
	const variable = {name, shape, dtype, handle};
	if (values !== undefined) assignVariable(variable, values, permutation);
	return variable;
}

/** Overwrites the variable from host memory; `values` and `permutation` as in Initial. */
export function assignVariable(variable: Variable, values: Float32Array | HalfValues | number, permutation?: readonly number[]): void {
	const {binding} = loadRuntime();
	const type = (name: string, value: number) => ({name, type: binding.TF_ATTR_TYPE, value});
	const temporary: number[] = [];
	const keep = (id: number) => {
		temporary.push(id);
		return id;
	};
	const run = (op: string, attributes: Parameters<typeof binding.executeOp>[1], ids: number[]) => keep(binding.executeOp(op, attributes, ids, 1)[0].id);
	const integers = (numbers: readonly number[]) => keep(binding.createTensor([numbers.length], INT32, Int32Array.from(numbers)));
	try {
		let id: number;
		let dtype = FLOAT32;
		if (typeof values === 'number') {
			id = run('Fill', [type('T', FLOAT32), type('index_type', INT32)], [integers(variable.shape), keep(binding.createTensor([], FLOAT32, Float32Array.of(values)))]);
		} else {
			const size = variable.shape.reduce((product, n) => product * n, 1);
			const length = 'bytes' in values ? values.bytes.length / 2 : values.length;
			if (length !== size) throw new Error(`The variable ${variable.name} holds ${size} values [${variable.shape.join()}], not ${length}.`);
			const given = permutation ? inverse(permutation).map(axis => variable.shape[axis]) : variable.shape;
			if ('bytes' in values) {
				dtype = values.type === 'F16' ? FLOAT16 : BFLOAT16;
				id = run('Bitcast', [type('T', UINT8), type('type', dtype)], [keep(binding.createTensor([...given, 2], UINT8, values.bytes))]);
			} else {
				id = keep(binding.createTensor([...given], FLOAT32, values));
			}
			if (permutation) id = run('Transpose', [type('T', dtype), type('Tperm', INT32)], [id, integers(permutation)]);
		}
		if (variable.dtype !== dtype) id = run('Cast', [type('SrcT', dtype), type('DstT', variable.dtype)], [id]);
		binding.executeOp('AssignVariableOp', [type('dtype', variable.dtype)], [variable.handle, id], 0);
	} finally {
		for (const id of temporary) binding.deleteTensor(id);
	}
}

/** The variable's values in row order, or in the order of `values` when it was made with this permutation. */
export function readVariable(variable: Variable, permutation?: readonly number[]): Float32Array {
	const {binding} = loadRuntime();
	const type = (name: string, value: number) => ({name, type: binding.TF_ATTR_TYPE, value});
	const temporary: number[] = [];
	const run = (op: string, attributes: Parameters<typeof binding.executeOp>[1], ids: number[]) => {
		const [{id}] = binding.executeOp(op, attributes, ids, 1);
		temporary.push(id);
		return id;
	};
	try {
		let id = run('ReadVariableOp', [type('dtype', variable.dtype)], [variable.handle]);
		if (variable.dtype !== FLOAT32) id = run('Cast', [type('SrcT', variable.dtype), type('DstT', FLOAT32)], [id]);
		if (permutation) {
			const order = binding.createTensor([permutation.length], INT32, Int32Array.from(inverse(permutation)));
			temporary.push(order);
			id = run('Transpose', [type('T', FLOAT32), type('Tperm', INT32)], [id, order]);
		}
		const values: HostValues = binding.tensorDataSync(id);
		return values as Float32Array;
	} finally {
		for (const id of temporary) binding.deleteTensor(id);
	}
}

/** Frees the variable's memory on the device. It can be assigned anew, and functions that were compiled with it find it again. */
export function emptyVariable(variable: Variable): void {
	const {binding} = loadRuntime();
	binding.executeOp('DestroyResourceOp', [{name: 'ignore_lookup_error', type: binding.TF_ATTR_BOOL, value: true}], [variable.handle], 0);
}

/** Frees the variable's memory on the device for good. */
export function disposeVariable(variable: Variable): void {
	emptyVariable(variable);
	loadRuntime().binding.deleteTensor(variable.handle);
}

const inverse = (permutation: readonly number[]): number[] => permutation.map((_, axis) => permutation.indexOf(axis));
