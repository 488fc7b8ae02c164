import {compile, createVariable, ops, type Compiled, type Mode, type Signature, type Variable} from '../graph/index.ts';
import {inOneArray, type MomentsStore} from './store.ts';

/** Pictures of one size: first on the host, all together on the device when the first of them is used. */
interface Table {
	readonly shape: readonly number[];
	readonly places: Map<string, number>;
	waiting: Float32Array[];
	onDevice?: {readonly variable: Variable; readonly rows: Map<number, Compiled<Signature>>};
}

/** In the memory of the device that trains: a step gets its rows without a copy from the host. */
export function deviceStore(mode: Mode): MomentsStore {
	const tables = new Map<string, Table>();
	const tableOf = (key: string) => [...tables.values()].find(({places}) => places.has(key));
	return {
		has: async key => tableOf(key) !== undefined,
		async keep(key, moments, shape) {
			const name = shape.join('x');
			const table = tables.get(name) ?? {shape, places: new Map<string, number>(), waiting: []};
			if (table.onDevice) throw new Error('All pictures are kept before the first is used.');
			table.places.set(key, table.waiting.length);
			table.waiting.push(moments);
			tables.set(name, table);
		},
		async of(keys) {
			const table = tableOf(keys[0]);
			const places = keys.flatMap(key => table?.places.get(key) ?? []);
			return table && places.length === keys.length ? rowsOf(table, places, mode) : undefined;
		},
	};
}

function rowsOf(table: Table, places: readonly number[], mode: Mode) {
	table.onDevice ??= upload(table);
	const {variable, rows} = table.onDevice;
	let gather = rows.get(places.length);
	if (!gather) {
		gather = compile<Signature>('latents_of_rows', (inputs, state) => ({moments: ops.gather(state.read(variable), inputs.places)}), {places: {shape: [places.length], dtype: 'int32'}}, {mode});
		rows.set(places.length, gather);
	}
	return gather.run({places: Int32Array.from(places)}).moments;
}

function upload(table: Table): NonNullable<Table['onDevice']> {
	const variable = createVariable(`latents ${table.shape.join('x')}`, [table.waiting.length, ...table.shape], {values: inOneArray(table.waiting)});
	table.waiting = [];
	return {variable, rows: new Map()};
}
