import {createHash} from 'node:crypto';
import type {Tensor} from '@tensorflow/tfjs';
import {loadRuntime, type Attribute, type Backend, type Pointer, type Runtime} from '../runtime/index.ts';
import {autocastBinding, TO_FLOAT32} from './autocast.ts';
import {deviceTensor, withCall, withInputs, type Compiled, type Signature} from './calls.ts';
import {dtypeOf, FLOAT32, INT32, isFloat, RESOURCE, type Precision} from './dtypes.ts';
import {withExecution, type AttentionMode, type Execution, type Mode} from './execution.ts';
import {EagerExecutor} from './executor.ts';
import {Tracer} from './tracer.ts';
import type {Variable} from './variables.ts';

export type Tensors = Readonly<Record<string, Tensor>>;

/** The variables, as the body of a compiled function sees them. */
export interface State {
	/** The value now: after an assignment in the same function, the assigned one. */
	read(variable: Variable): Tensor;
	assign(variable: Variable, value: Tensor): void;
	/** One of TensorFlow's operations that update variables in place (`ResourceApply...`, `AssignAddVariableOp`): handles first, then tensors. */
	update(type: string, variables: readonly Variable[], inputs: readonly Tensor[], attributes?: readonly Attribute[]): void;
}

/** What a compiled function computes. */
export type Body<S extends Signature> = (inputs: {readonly [K in keyof S]: Tensor}, state: State) => Tensors;

export interface CompileOptions {
	readonly mode: Mode;
	readonly precision?: Precision;
	readonly attention?: AttentionMode;
	readonly attentionChunkBytes?: number;
	readonly notFused?: readonly string[];
	readonly deterministic?: boolean;
	readonly checkpointing?: boolean;
}

const ATTENTION_CHUNK_BYTES = 128 * 2 ** 20;
const taken = new Set<string>();

/**
 * Makes a function of the device out of tfjs code. `body` is called once, while tracing, with symbols of the shapes in
 * `signature` (in eager mode: at every call, with values); whatever it computes in JavaScript is frozen into the function.
 * Everything that trains, samples, encodes or decodes goes through here.
 * @throws when `body` uses a tensor from outside, asks for values, or an operation refuses its inputs.
 */
export function compile<S extends Signature>(
	name: string,
	body: Body<S>,
	signature: S,
	options: CompileOptions,
): Compiled<S> {
	const runtime = loadRuntime();
	return options.mode === 'eager' ? eager(runtime, name, body, signature, options) : traced(runtime, name, body, signature, options);
}

function executionOf({mode, precision = 'f32', attention = 'full', attentionChunkBytes = ATTENTION_CHUNK_BYTES, notFused = [], deterministic = false, checkpointing = false}: CompileOptions, order: Pick<Execution, 'barrier' | 'hold'>): Execution {
	return {mode, precision, attention, attentionChunkBytes, notFused, deterministic, checkpointing, ...order};
}

function traced<S extends Signature>(runtime: Runtime, name: string, body: Body<S>, signature: S, options: CompileOptions): Compiled<S> {
	const {backend, binding} = runtime;
	const tracer = new Tracer(runtime, {forXla: options.mode === 'xla'});
	const standIn = autocastBinding(runtime, tracer, dtypeOf[options.precision ?? 'f32']);
	const idOf = (tensor: Tensor) => backend.getInputTensorIds([tensor])[0];
	const after = (tensor: Tensor, operations: Pointer[]) => backend.createOutputTensor({...tracer.executeAfter(operations, 'Identity', [], [idOf(tensor)], 1)[0], dtype: FLOAT32});
	const hold = (tensor: Tensor, dependency: Tensor) => after(tensor, [tracer.operationOf(idOf(dependency))]);
	const order: Pick<Execution, 'barrier' | 'hold'> = options.mode === 'xla'
		? {
			barrier: (tensors, dependency) => backend.executeMultipleOutputs('XlaOptimizationBarrier', [], [...tensors, dependency], tensors.length + 1).slice(0, -1),
			hold: tensor => tensor,
		}
		: {barrier: (tensors, dependency) => tensors.map(tensor => hold(tensor, dependency)), hold};
	const variables: Variable[] = [];
	const state = tracedState(runtime, tracer, variables, idOf);

	let outputNames: string[] = [];
	let functionName = '';
	try {
		tracing(runtime, standIn, name, () => {
			const inputs = Object.entries(signature).map(([input, {shape, dtype}]) => [input, backend.createOutputTensor(tracer.input(shape, dtype === 'int32' ? INT32 : FLOAT32))]);
			const outputs = withExecution(executionOf(options, order), () => body(Object.fromEntries(inputs) as {[K in keyof S]: Tensor}, state));
			outputNames = Object.keys(outputs);
			const ids = Object.values(outputs).map(output => idOf(output.dtype === 'float32' ? backend.executeSingleOutput(TO_FLOAT32, [], [output]) : output));
			functionName = uniqueName(name, [signature, options, variables.map(({name, shape, dtype}) => [name, shape, dtype]), tracer.fingerprint(ids)]);
			tracer.finish(functionName, ids);
		});
	} finally {
		tracer.dispose();
	}

	const attributes: Attribute[] = options.mode === 'xla' ? [{name: '_XlaMustCompile', type: binding.TF_ATTR_BOOL, value: true}] : [];
	const handles = variables.map(({handle}) => handle);
	return withCall({
		name: functionName,
		operations: tracer.operations,
		run: inputs => withInputs(runtime, signature, inputs, ids => {
			const made = binding.executeOp(functionName, attributes, [...ids, ...handles], outputNames.length);
			return Object.fromEntries(made.map(({id, shape}, i) => [outputNames[i], deviceTensor(runtime, id, shape)]));
		}),
		dispose() {
			runtime.api.removeFunction(runtime.context, functionName, runtime.api.status);
			runtime.api.check(`removing the function ${functionName}`);
			taken.delete(functionName);
		},
	});
}

/** Orders reads and writes of each variable: a graph runs whatever is ready unless it is told what waits for what. */
function tracedState({backend, binding}: Runtime, tracer: Tracer, variables: Variable[], idOf: (tensor: Tensor) => number): State {
	interface Entry {
		handle: number;
		/** The symbol of the value now. tfjs frees the tensor that carries it with the scope that read it, the symbol stays. */
		value?: number;
		readers: Pointer[];
		writer?: Pointer;
	}
	const entries = new Map<Variable, Entry>();
	const entryOf = (variable: Variable) => {
		let entry = entries.get(variable);
		if (!entry) {
			entry = {handle: tracer.resource(variable.shape, variable.dtype), readers: []};
			entries.set(variable, entry);
			variables.push(variable);
		}
		return entry;
	};
	const waitFor = (entry: Entry) => [...entry.readers, ...(entry.writer === undefined ? [] : [entry.writer])];
	const dtype = (variable: Variable) => ({name: 'dtype', type: binding.TF_ATTR_TYPE, value: variable.dtype});
	return {
		read(variable) {
			const entry = entryOf(variable);
			if (entry.value === undefined) {
				const [{id}] = tracer.executeAfter(entry.writer === undefined ? [] : [entry.writer], 'ReadVariableOp', [dtype(variable)], [entry.handle], 1);
				entry.readers.push(tracer.operationOf(id));
				entry.value = id;
			}
			return backend.createOutputTensor({...tracer.alias(entry.value), dtype: labelOf(variable)});
		},
		assign(variable, value) {
			const entry = entryOf(variable);
			const id = idOf(value);
			entry.writer = tracer.effect(waitFor(entry), 'AssignVariableOp', [dtype(variable)], [entry.handle, id]);
			entry.readers = [];
			entry.value = id;
		},
		update(type, updated, inputs, attributes = []) {
			const touched = updated.map(entryOf);
			const writer = tracer.effect(touched.flatMap(waitFor), type, attributes, [...touched.map(({handle}) => handle), ...inputs.map(idOf)]);
			for (const entry of touched) Object.assign(entry, {writer, readers: [], value: undefined});
		},
	};
}

/** tfjs knows no halves: it is told float32, the executor knows better. */
const labelOf = (variable: Variable): number => (isFloat(variable.dtype) ? FLOAT32 : variable.dtype);

/**
 * Runs `body` with the stand-in for the native binding, and watches that it uses only tensors made inside: one that was
 * uploaded before would be unknown to the graph, one that was not would silently become a constant.
 */
function tracing(runtime: Runtime, standIn: Backend['binding'], name: string, body: () => void): void {
	const {tf, backend} = runtime;
	const inside = new WeakSet<object>();
	const methods = {write: backend.write, createOutputTensor: backend.createOutputTensor, getInputTensorIds: backend.getInputTensorIds};
	backend.write = (...values) => {
		const dataId = methods.write.apply(backend, values);
		inside.add(dataId);
		return dataId;
	};
	backend.createOutputTensor = metadata => {
		const tensor = methods.createOutputTensor.call(backend, metadata);
		inside.add(tensor.dataId);
		return tensor;
	};
	backend.getInputTensorIds = tensors => {
		const captured = tensors.find(tensor => !inside.has(tensor.dataId));
		if (captured) throw new Error(`The function "${name}" uses a tensor made outside it: ${captured.dtype} [${captured.shape.join()}] (tensor ${captured.id}). Pass it as an input, keep it in a variable, or make it inside.`);
		return methods.getInputTensorIds.call(backend, tensors);
	};
	backend.binding = standIn;
	tf.engine().startScope(name);
	try {
		body();
	} finally {
		tf.engine().endScope();
		backend.binding = runtime.binding;
		delete (backend as Partial<Backend>).write;
		delete (backend as Partial<Backend>).createOutputTensor;
		delete (backend as Partial<Backend>).getInputTensorIds;
	}
}

function eager<S extends Signature>(runtime: Runtime, name: string, body: Body<S>, signature: S, options: CompileOptions): Compiled<S> {
	const {tf, backend, binding} = runtime;
	return withCall({
		name,
		operations: 0,
		run: inputs => withInputs(runtime, signature, inputs, ids => {
			const executor = new EagerExecutor(runtime);
			const idOf = (tensor: Tensor) => backend.getInputTensorIds([tensor])[0];
			const specs = Object.entries(signature);
			backend.binding = autocastBinding(runtime, executor, dtypeOf[options.precision ?? 'f32']);
			tf.engine().startScope(name);
			try {
				const tensors = specs.map(([input, {dtype}], i) => {
					executor.adopt(ids[i], dtype === 'int32' ? INT32 : FLOAT32);
					return [input, backend.createOutputTensor(executor.alias(ids[i]))];
				});
				const outputs = withExecution(executionOf(options, {barrier: tensors => [...tensors], hold: tensor => tensor}), () => body(Object.fromEntries(tensors) as {[K in keyof S]: Tensor}, eagerState(runtime, executor, idOf)));
				return Object.fromEntries(Object.entries(outputs).map(([output, tensor]) => {
					const wide = executor.alias(idOf(tensor.dtype === 'float32' ? backend.executeSingleOutput(TO_FLOAT32, [], [tensor]) : tensor));
					return [output, deviceTensor(runtime, wide.id, wide.shape)];
				}));
			} finally {
				tf.engine().endScope();
				backend.binding = binding;
			}
		}),
		dispose() {},
	});
}

function eagerState({backend, binding}: Runtime, executor: EagerExecutor, idOf: (tensor: Tensor) => number): State {
	const dtype = (variable: Variable) => ({name: 'dtype', type: binding.TF_ATTR_TYPE, value: variable.dtype});
	const handle = (variable: Variable) => {
		executor.adopt(variable.handle, RESOURCE);
		return variable.handle;
	};
	return {
		read: variable => backend.createOutputTensor({...executor.execute('ReadVariableOp', [dtype(variable)], [handle(variable)], 1)[0], dtype: labelOf(variable)}),
		assign(variable, value) {
			executor.execute('AssignVariableOp', [dtype(variable)], [handle(variable), idOf(value)], 0);
		},
		update(type, variables, inputs, attributes = []) {
			executor.execute(type, attributes, [...variables.map(handle), ...inputs.map(idOf)], 0);
		},
	};
}

/** The name says what the function is, so that XLA's cache on disk finds it again and never takes another for it. */
function uniqueName(name: string, identity: unknown): string {
	const digest = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 12);
	const stem = `${name.replace(/\W/g, '_')}_${digest}`;
	let unique = stem;
	for (let i = 2; taken.has(unique); i++) unique = `${stem}_${i}`;
	taken.add(unique);
	return unique;
}
