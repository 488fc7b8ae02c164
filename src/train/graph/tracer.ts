import {createHash} from 'node:crypto';
import type {Attribute, GraphOutput, HostValues, Pointer, Runtime, TensorMetadata} from '../runtime/index.ts';
import {FLOAT32, RESOURCE} from './dtypes.ts';
import type {Executor} from './executor.ts';
import {OpDefinitions} from './op-definitions.ts';
import {setAttribute} from './set-attribute.ts';
import {isShared, SharedOperations, type Operation, type SharedFunction} from './shared-operations.ts';

interface Node extends GraphOutput {
	/** Of its operation, from the first. */
	readonly place: number;
	readonly dtype: number;
	readonly shape: number[];
}

/** Constants up to this size are made once and shared. */
const SHARED_CONSTANT_BYTES = 2 ** 16;

/**
 * Records operations in a TF_Graph instead of executing them; TensorFlow's own shape inference answers what their
 * outputs look like. Nothing runs and nothing is allocated on the device. Ids are negative, so that tfjs never frees them.
 */
export class Tracer implements Executor {
	readonly #runtime: Runtime;
	readonly #graph: Pointer;
	readonly #definitions: OpDefinitions;
	readonly #nodes = new Map<number, Node>();
	readonly #constants = new Map<string, Node>();
	readonly #inputs: GraphOutput[] = [];
	readonly #effects: Pointer[] = [];
	readonly #fingerprint = createHash('sha256');
	readonly #shared?: SharedOperations;
	#nextId = -10;
	#operations = 0;

	/** `forXla`: the graph is made for XLA (see SharedOperations). */
	constructor(runtime: Runtime, {forXla = false} = {}) {
		this.#runtime = runtime;
		this.#graph = runtime.api.newGraph();
		this.#definitions = new OpDefinitions(runtime.api, this.#graph);
		if (forXla) this.#shared = new SharedOperations(runtime, this.#graph, (name, operation) => functionOfOne(runtime, name, operation));
	}

	get operations(): number {
		return this.#operations;
	}

	/** Of all operations and constants, and of the tensors that the function returns: functions that differ have different ones. Asked for once. */
	fingerprint(outputIds: readonly number[]): string {
		return this.#fingerprint.update(JSON.stringify(outputIds.map(id => this.#node(id)).map(({place, index}) => [place, index]))).digest('hex');
	}

	execute(type: string, attributes: readonly Attribute[], ids: readonly number[], outputs: number): TensorMetadata[] {
		return this.executeAfter([], type, attributes, ids, outputs);
	}

	/** As execute, but the operation waits for `before` even where no value flows. */
	executeAfter(before: readonly Pointer[], type: string, attributes: readonly Attribute[], ids: readonly number[], outputs: number): TensorMetadata[] {
		const inputs = ids.map(id => this.#node(id));
		if (this.#shared && isShared(type) && before.length === 0) return this.#call(this.#shared.functionOf({type, attributes, inputs, outputs}), inputs).map(node => this.#register(node));
		const operation = this.#add(type, attributes, inputs, before);
		return Array.from({length: outputs}, (_, index) => this.#register(this.#output(operation, index)));
	}

	/** An operation that changes state; it runs with the function even though nothing uses it. Returns it for ordering. */
	effect(before: readonly Pointer[], type: string, attributes: readonly Attribute[], ids: readonly number[]): Pointer {
		const operation = this.#add(type, attributes, ids.map(id => this.#node(id)), before);
		this.#effects.push(operation);
		return operation;
	}

	/** The operation that makes the tensor. */
	operationOf(id: number): Pointer {
		return this.#node(id).oper;
	}

	dtypeOf(id: number): number {
		return this.#node(id).dtype;
	}

	alias(id: number): TensorMetadata {
		return this.#register(this.#node(id));
	}

	identityOf(id: number): string {
		const {oper, index} = this.#node(id);
		return `${String(oper)}:${index}`;
	}

	release(): void {
		// Symbols cost nothing.
	}

	read(): never {
		throw new Error('The values of a tensor were asked for while tracing: inside a compiled function there are no values yet. Return the tensor from the function and read it afterwards.');
	}

	createTensor(shape: number[], dtype: number, values: HostValues): number {
		const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
		const key = bytes.length <= SHARED_CONSTANT_BYTES ? `${dtype}|${shape.join()}|${bytes.toString('latin1')}` : undefined;
		const known = key === undefined ? undefined : this.#constants.get(key);
		if (known) return this.#register(known).id;

		this.#fingerprint.update(`${dtype}|${shape.join()}|`).update(bytes);
		const {api, binding} = this.#runtime;
		const tensor = api.allocateTensor(dtype, shape, shape.length, bytes.length);
		api.copyBytes(api.tensorData(tensor), bytes, bytes.length);
		const operation = this.#add(
			'Const',
			[
				{name: 'dtype', type: binding.TF_ATTR_TYPE, value: dtype},
				{name: 'value', type: 'tensor', value: tensor},
			],
			[],
			[],
		);
		api.deleteTensor(tensor);
		const node = this.#output(operation, 0);
		if (key !== undefined) this.#constants.set(key, node);
		return this.#register(node).id;
	}

	/** An argument of the function that is a tensor. */
	input(shape: readonly number[], dtype: number): TensorMetadata {
		const {binding} = this.#runtime;
		const operation = this.#add(
			'Placeholder',
			[
				{name: 'dtype', type: binding.TF_ATTR_TYPE, value: dtype},
				{name: 'shape', type: binding.TF_ATTR_SHAPE, value: shape},
			],
			[],
			[],
		);
		this.#inputs.push({oper: operation, index: 0});
		return this.#register(this.#output(operation, 0));
	}

	/**
	 * An argument of the function that is a variable's handle. A VarHandleOp stands in for it, because it tells shape
	 * inference what the variable holds; finish() cuts it off.
	 */
	resource(shape: readonly number[], dtype: number): number {
		const {binding} = this.#runtime;
		const operation = this.#add(
			'VarHandleOp',
			[
				{name: 'dtype', type: binding.TF_ATTR_TYPE, value: dtype},
				{name: 'shape', type: binding.TF_ATTR_SHAPE, value: shape},
			],
			[],
			[],
		);
		this.#inputs.push({oper: operation, index: 0});
		return this.#register({oper: operation, index: 0, place: this.#operations - 1, dtype: RESOURCE, shape: []}).id;
	}

	/** Registers the graph as a function of the eager context, arguments in the order they were made. */
	finish(name: string, outputIds: readonly number[]): void {
		const {api, context} = this.#runtime;
		const func = this.toFunction(name, outputIds);
		api.addFunction(context, func, api.status);
		api.check(`registering the function ${name}`);
		api.deleteFunction(func);
	}

	/** The graph as a function that nobody knows yet. */
	toFunction(name: string, outputIds: readonly number[]): Pointer {
		const {api} = this.#runtime;
		const outputs = outputIds.map(id => this.#node(id)).map(({oper, index}) => ({oper, index}));
		const effects = this.#effects;
		const func = api.graphToFunction(
			this.#graph, name, 0, -1, null, this.#inputs.length, this.#inputs, outputs.length, outputs, null,
			effects.length, effects.length > 0 ? effects : null, effects.length > 0 ? effects.map((_, i) => `effect_${i}`) : null,
			null, null, api.status,
		);
		api.check(`making the function ${name}`);
		return func;
	}

	dispose(): void {
		this.#runtime.api.deleteGraph(this.#graph);
		this.#nodes.clear();
	}

	#call({name, shapes}: SharedFunction, inputs: readonly Node[]): Node[] {
		const {api} = this.#runtime;
		const operation = this.#add(name, [], inputs, []);
		return shapes.map((shape, index) => {
			api.setShape(this.#graph, {oper: operation, index}, shape, shape.length, api.status);
			api.check(`the shape of ${name}`);
			return this.#output(operation, index);
		});
	}

	#register(node: Node): TensorMetadata {
		const id = this.#nextId--;
		this.#nodes.set(id, node);
		return {id, shape: node.shape, dtype: node.dtype};
	}

	#node(id: number): Node {
		const node = this.#nodes.get(id);
		if (!node) throw new Error(`Tensor ${id} was made outside this function and captured by it: pass it as an input.`);
		return node;
	}

	/** Of the operation that was added last. */
	#output(oper: Pointer, index: number): Node {
		const {api} = this.#runtime;
		const output = {oper, index};
		const dtype = api.outputType(output) as number;
		const count = api.dimensionCount(this.#graph, output, api.status) as number;
		const shape = Array.from({length: Math.max(0, count)}, () => 0);
		if (count > 0) api.shape(this.#graph, output, shape, count, api.status);
		const sizes = shape.map(Number);
		if (dtype === FLOAT32 && (count < 0 || sizes.some(size => size < 0))) throw new Error('A tensor of unknown shape was made while tracing: compiled functions have fixed shapes.');
		return {oper, index, place: this.#operations - 1, dtype, shape: sizes};
	}

	#add(type: string, attributes: readonly Attribute[], inputs: readonly Node[], before: readonly Pointer[]): Pointer {
		const {api} = this.#runtime;
		const definition = this.#definitions.get(type);
		this.#fingerprint.update(JSON.stringify([type, attributes.map(({name, type: kind, value}) => [name, kind === 'tensor' ? '' : value]), inputs.map(({place, index}) => [place, index])]));
		const description = api.newOperation(this.#graph, type, `n${this.#operations++}`);
		const listLength = inputs.length - definition.inputs.length + 1;
		let next = 0;
		for (const {list} of definition.inputs) {
			if (list) {
				api.addInputList(description, inputs.slice(next, next + listLength), listLength);
				next += listLength;
			} else api.addInput(description, inputs[next++]);
		}
		for (const attribute of attributes) if (!definition.inferred.has(attribute.name)) setAttribute(this.#runtime, description, type, attribute);
		for (const operation of before) api.addControlInput(description, operation);
		const operation = api.finishOperation(description, api.status) as Pointer;
		api.check(`${type}(${inputs.map(input => `[${input.shape.join()}]`).join(', ')})`);
		return operation;
	}
}

function functionOfOne(runtime: Runtime, name: string, {type, attributes, inputs, outputs}: Operation): SharedFunction {
	const tracer = new Tracer(runtime);
	try {
		const made = tracer.execute(type, attributes, inputs.map(({shape, dtype}) => tracer.input(shape, dtype).id), outputs);
		return {name, shapes: made.map(({shape}) => shape), pointer: tracer.toFunction(name, made.map(({id}) => id))};
	} finally {
		tracer.dispose();
	}
}
