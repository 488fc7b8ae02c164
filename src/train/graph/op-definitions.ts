import type {Pointer, TensorFlowApi} from '../runtime/index.ts';

export interface OpDefinition {
	/** One entry per input argument: is it a list of tensors? */
	readonly inputs: readonly {readonly list: boolean}[];
	/** Attributes that TensorFlow derives from the inputs; setting them is an error when building graphs. */
	readonly inferred: ReadonlySet<string>;
}

type Field = readonly [number: number, value: number | Buffer];

/** Reads TensorFlow's own operation definitions (protocol buffer OpDef) as far as building a graph needs them. */
export class OpDefinitions {
	readonly #known = new Map<string, OpDefinition>();

	constructor(
		private readonly api: TensorFlowApi,
		private readonly graph: Pointer,
	) {}

	get(type: string): OpDefinition {
		let definition = this.#known.get(type);
		if (!definition) {
			definition = this.#read(type);
			this.#known.set(type, definition);
		}
		return definition;
	}

	#read(type: string): OpDefinition {
		const {api} = this;
		const buffer = api.newBuffer();
		api.opDefinition(this.graph, type, buffer, api.status);
		api.check(`looking up the operation ${type}`);
		const bytes = api.readBuffer(buffer);
		api.deleteBuffer(buffer);

		const inferred = new Set<string>();
		const inputs: {list: boolean}[] = [];
		for (const [number, argument] of fields(bytes)) {
			if (number !== 2 || typeof argument === 'number') continue; // OpDef.input_arg
			let list = false;
			for (const [kind, name] of fields(argument)) {
				// ArgDef: 4 type_attr, 5 number_attr, 6 type_list_attr
				if (kind < 4 || kind > 6) continue;
				inferred.add(String(name));
				if (kind >= 5) list = true;
			}
			inputs.push({list});
		}
		return {inputs, inferred};
	}
}

/** The top-level fields of a protocol buffer message: varints and length-delimited ones; fixed-width ones are skipped. */
function fields(bytes: Buffer): Field[] {
	const found: Field[] = [];
	let at = 0;
	const varint = () => {
		let value = 0;
		let scale = 1;
		for (;;) {
			const byte = bytes[at++];
			value += (byte & 127) * scale;
			if (byte < 128) return value;
			scale *= 128;
		}
	};
	while (at < bytes.length) {
		const key = varint();
		const number = Math.floor(key / 8);
		const wire = key & 7;
		if (wire === 0) found.push([number, varint()]);
		else if (wire === 2) {
			const length = varint();
			found.push([number, bytes.subarray(at, at + length)]);
			at += length;
		} else if (wire === 5) at += 4;
		else if (wire === 1) at += 8;
		else throw new Error(`TensorFlow's operation definition has an unknown wire type ${wire}.`);
	}
	return found;
}
