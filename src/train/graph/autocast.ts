import type {Attribute, Binding, HostValues, Runtime, TensorMetadata} from '../runtime/index.ts';
import {FLOAT32, isFloat, isHalf} from './dtypes.ts';
import type {Executor} from './executor.ts';

/** Operations that do the bulk of the arithmetic and run in the low precision. */
const LOW = new Set(['MatMul', 'BatchMatMulV2', 'Conv2D', 'Conv2DBackpropFilter', 'Conv2DBackpropInput']);
/** Operations that lose too much in half precision. */
const WIDE = new Set(['Softmax', 'Sum', 'Mean', 'Exp', 'Log', 'Pow', 'Square', 'Rsqrt', 'Sqrt', 'L2Loss', 'SquaredDifference', 'Erf']);
/** Takes whatever it is given. */
const INDIFFERENT = new Set(['XlaOptimizationBarrier', 'XlaCallModule', 'Identity']);

/** Casts that the code asks for by name, because a tfjs cast to float32 of a half must do nothing (tfjs labels halves float32). */
export const TO_FLOAT32 = '_ToFloat32';
export const TO_LOW = '_ToLow';
export const TO_SAME = '_ToSame';

/**
 * The object that takes the place of `backend.binding`: hands every operation of tfjs to the executor, after bringing its
 * inputs to the precision that the policy wants (the rules of torch's autocast: arithmetic low, sums and norms wide, mixed inputs widest).
 */
export function autocastBinding(runtime: Runtime, executor: Executor, low: number): Binding {
	const {binding} = runtime;
	const casts = new Map<string, number>();

	const cast = (id: number, dtype: number): TensorMetadata => {
		const identity = executor.identityOf(id);
		const key = identity && `${identity}>${dtype}`;
		const known = key === undefined ? undefined : casts.get(key);
		if (known !== undefined) return executor.alias(known);
		const made = executor.execute(
			'Cast',
			[
				{name: 'SrcT', type: binding.TF_ATTR_TYPE, value: executor.dtypeOf(id)},
				{name: 'DstT', type: binding.TF_ATTR_TYPE, value: dtype},
			],
			[id],
			1,
		)[0];
		if (key !== undefined) casts.set(key, made.id);
		return made;
	};
	const castOrAlias = (id: number, dtype: number) => (executor.dtypeOf(id) === dtype ? executor.alias(id) : cast(id, dtype));
	const label = (made: TensorMetadata): TensorMetadata => (isHalf(made.dtype) ? {...made, dtype: FLOAT32} : made);

	const target = (type: string, ids: readonly number[]): number | undefined => {
		if (LOW.has(type)) return low;
		const dtypes = ids.map(id => executor.dtypeOf(id));
		if (type === 'BiasAdd') return dtypes[0];
		const halves = dtypes.some(isHalf);
		if (halves && !INDIFFERENT.has(type) && (WIDE.has(type) || dtypes.includes(FLOAT32))) return FLOAT32;
		return undefined;
	};

	const executeOp = (type: string, attributes: readonly Attribute[], ids: readonly number[], outputs: number): TensorMetadata[] => {
		if (type === TO_FLOAT32) return [label(castOrAlias(ids[0], FLOAT32))];
		if (type === TO_LOW) return [label(castOrAlias(ids[0], low))];
		if (type === TO_SAME) return [label(castOrAlias(ids[0], executor.dtypeOf(ids[1])))];
		if (type === 'Cast' && isFloat(executor.dtypeOf(ids[0])) && attributes.find(({name}) => name === 'DstT')?.value === FLOAT32) return [label(executor.alias(ids[0]))];

		const dtype = target(type, ids);
		const temporary: number[] = [];
		const inputs = ids.map(id => {
			const own = executor.dtypeOf(id);
			if (dtype === undefined || !isFloat(own) || own === dtype) return id;
			const {id: made} = cast(id, dtype);
			temporary.push(made);
			return made;
		});
		const real = dtype ?? ids.map(id => executor.dtypeOf(id)).find(isHalf) ?? FLOAT32;
		const made = executor.execute(type, real === FLOAT32 ? attributes : retyped(attributes, real), inputs, outputs);
		for (const id of temporary) executor.release(id);
		return made.map(label);
	};
	/** Graphs and list inputs take the type attribute at its word, so it has to be true. */
	const retyped = (attributes: readonly Attribute[], dtype: number) =>
		attributes.map(attribute => (attribute.type === binding.TF_ATTR_TYPE && attribute.value === FLOAT32 && (attribute.name === 'T' || attribute.name === 'Tparams') ? {...attribute, value: dtype} : attribute));

	const replaced = {
		createTensor: (shape: number[], dtype: number, values: HostValues) => executor.createTensor(Array.from(shape), dtype, values),
		deleteTensor: (id: number) => executor.release(id),
		tensorDataSync(id: number) {
			if (!isHalf(executor.dtypeOf(id))) return executor.read(id);
			const wide = cast(id, FLOAT32).id;
			const values = executor.read(wide);
			executor.release(wide);
			return values;
		},
		executeOp,
	};
	// The addon's properties are read-only, so that inheriting and assigning would fail: they are redefined.
	const stand: Binding = Object.create(binding) as Binding;
	for (const [name, value] of Object.entries(replaced)) Object.defineProperty(stand, name, {value});
	return stand;
}
