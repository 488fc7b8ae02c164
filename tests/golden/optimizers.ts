import path from 'node:path';
import {compile, createVariable, disposeVariable, readVariable, type Variable} from '../../src/train/graph/index.ts';
import {adafactor, adamw, adamw8bit, BLOCK, lion, lion8bit, MAPS, sgd, type Member, type Optimizer} from '../../src/train/optim/index.ts';
import {openSafetensors, type SafetensorsFile} from '../../src/train/weights/index.ts';
import {plain, type Arithmetic} from './arithmetic.ts';
import {largestDifference, relativeL2, Worst, type Check, type Section} from './check.ts';
import {readFloats, readJson} from './network.ts';

interface OptimizersJson {
	readonly lr: number;
	readonly weight_decay: number;
	readonly cases: Readonly<Record<string, {readonly tolerance: {readonly parameter_abs?: number; readonly state_relative_l2?: number}}>>;
}

/** By the name of the case, with the settings that its reference had. */
const optimizersByCase: Readonly<Record<string, Optimizer>> = {
	adamw: adamw({beta1: 0.9, beta2: 0.999, epsilon: 1e-8}),
	'adamw-8bit': adamw8bit({beta1: 0.9, beta2: 0.999, epsilon: 1e-8}),
	lion: lion({beta1: 0.9, beta2: 0.99}),
	'lion-8bit': lion8bit({beta1: 0.9, beta2: 0.99}),
	sgd: sgd({momentum: 0.9}),
	'adafactor-transformers': adafactor({form: 'transformers', scaleParameter: false}),
	'adafactor-transformers-scaled': adafactor({form: 'transformers', scaleParameter: true}),
	'adafactor-torch': adafactor({form: 'torch'}),
};

/** Of the 8-bit forms, whose JSON has them in words: the share of parameters that may be off by more than 1e-6, and by how many learning rates they may. */
const narrowTolerances: Readonly<Record<string, {readonly share: number; readonly rates: number}>> = {
	'adamw-8bit': {share: 0.005, rates: 1},
	'lion-8bit': {share: 0.001, rates: 2},
};

/** Without decay in the reference. */
const undecayed = new Set(['adafactor-transformers-scaled']);
/** The reference calls SGD's momentum m. */
const slotNames: Readonly<Record<string, string>> = {momentum: 'm'};

export const optimizers: Section = {
	title: '8. optimizers',
	async *run(fixtures, arithmetic = plain) {
		const folder = path.join(fixtures, 'optimizers');
		const json = await readJson<OptimizersJson>(folder, 'optimizers.json');
		const inputs = await openSafetensors(path.join(folder, 'inputs.safetensors'));
		for (const [name, optimizer] of Object.entries(optimizersByCase)) {
			const reference = await openSafetensors(path.join(folder, `${name}.safetensors`));
			yield* optimizerChecks(name, optimizer, json, inputs, reference, arithmetic);
			await reference.close();
		}
		await inputs.close();
	},
};

async function* optimizerChecks(title: string, optimizer: Optimizer, {lr: learningRate, weight_decay, cases}: OptimizersJson, inputs: SafetensorsFile, reference: SafetensorsFile, arithmetic: Arithmetic): AsyncGenerator<Check> {
	const weightDecay = undecayed.has(title) ? 0 : weight_decay;
	const {tolerance} = cases[title];
	if (reference.tensors.has('map_signed')) {
		yield {name: `${title}: table of signed values`, worst: largestDifference(MAPS.signed, await reference.readFloat32('map_signed')), tolerance: 1e-7};
		yield {name: `${title}: table of values from 0`, worst: reference.tensors.has('map_unsigned') ? largestDifference(MAPS.unsigned, await reference.readFloat32('map_unsigned')) : 0, tolerance: 1e-7};
	}
	const tensors = [...inputs.tensors.keys()].filter(name => name.endsWith('/parameter')).map(name => name.slice(0, -'/parameter'.length));
	for (const tensor of tensors) {
		const {shape, values} = await readFloats(inputs, `${tensor}/parameter`);
		const gradients = await inputs.readFloat32(`${tensor}/gradients`);
		const members: Member[] = [{shape, declaration: {shape}, size: values.length, offset: 0}];
		const parameter = createVariable(tensor, shape, {values});
		const declared = optimizer.slots({shape, members});
		const slots = declared.map(({name, shape, dtype, fill}) => createVariable(`${tensor}/${name}`, shape, {values: fill, dtype}));
		// Each has a name of its own: XLA takes functions of one name that differ in their constants alone for the same.
		const update = updating(`golden_${title}`, optimizer, parameter, members, slots, arithmetic);
		const comparison = new Comparison(tolerance, learningRate, narrowTolerances[title]);
		const steps = gradients.length / values.length;
		for (let step = 1; step <= steps; step++) {
			const {stepSize, decay, extra} = optimizer.scalars({learningRate, step, weightDecay});
			const gradient = gradients.subarray((step - 1) * values.length, step * values.length);
			update.call({gradient, stepSize: Float32Array.of(stepSize), decay: Float32Array.of(decay), extra: Float32Array.of(extra)});
			const at = `${tensor}/step.${step}`;
			const found = new Map([['parameter', readVariable(parameter)], ...declared.map(({name}, i) => [slotNames[name] ?? name, readVariable(slots[i])] as const)]);
			for (const [name, numbers] of found) {
				const key = `${at}/${name}`;
				if (!reference.tensors.has(key)) continue;
				if (name.startsWith('codes_')) comparison.codes(key, numbers, await reference.readBytes(key), name === 'codes_m' ? found.get('absmax_m') : found.get('absmax_v'), name === 'codes_m' ? MAPS.signed : MAPS.unsigned);
				else comparison.floats(key, name, numbers, await reference.readFloat32(key));
			}
		}
		yield* comparison.checks(`${title}: ${tensor}`);
		update.dispose();
		for (const variable of [parameter, ...slots]) disposeVariable(variable);
	}
}

/** Collects differences; 8-bit forms may differ where a value lies on the border of two entries. */
class Comparison {
	readonly #worst = new Map<string, {readonly worst: Worst; readonly tolerance: number}>();

	constructor(private readonly tolerance: {readonly parameter_abs?: number; readonly state_relative_l2?: number}, private readonly learningRate: number, private readonly narrow?: {readonly share: number; readonly rates: number}) {}

	floats(key: string, name: string, found: Float32Array, expected: Float32Array): void {
		const {parameter_abs: parameterTolerance, state_relative_l2: stateTolerance = 1e-5} = this.tolerance;
		if (name.startsWith('absmax')) {
			// A block of zeros is stored as 1 there and as 0 here; its codes mean 0 in both.
			const empty = found.map((value, i) => (value === 0 && expected[i] === 1 ? 1 : value));
			return this.#add('largest of a block', key, relativeL2(empty, expected), stateTolerance);
		}
		if (name !== 'parameter') return this.#add('state', key, relativeL2(found, expected), stateTolerance);
		if (parameterTolerance !== undefined) return this.#add('parameter (absolute)', key, largestDifference(found, expected), parameterTolerance);
		if (!this.narrow) throw new Error(`The fixture gives no tolerance for ${key}.`);
		const apart = found.filter((value, i) => Math.abs(value - expected[i]) > 1e-6).length / found.length;
		this.#add('parameters off by more than 1e-6 (share)', key, apart, this.narrow.share);
		this.#add('parameter (absolute)', key, largestDifference(found, expected), this.narrow.rates * this.learningRate + 1e-6);
	}

	/** A block of zeros has any magnitude, so codes are compared where they mean something. */
	codes(key: string, found: Float32Array, expected: Uint8Array, absmax: Float32Array | undefined, map: Float32Array): void {
		const different = expected.filter((code, i) => code !== found[i] && map[found[i]] * (absmax?.[Math.floor(i / BLOCK)] ?? 1) !== 0).length;
		this.#add('codes that differ (share)', key, different / expected.length, 0.005);
	}

	*checks(title: string): Generator<Check> {
		for (const [what, {worst, tolerance}] of this.#worst) yield worst.check(`${title}, ${what}`, tolerance);
	}

	#add(what: string, key: string, value: number, tolerance: number): void {
		const entry = this.#worst.get(what) ?? {worst: new Worst(), tolerance};
		entry.worst.add(key, value);
		this.#worst.set(what, entry);
	}
}

function updating(name: string, optimizer: Optimizer, parameter: Variable, members: readonly Member[], slots: readonly Variable[], arithmetic: Arithmetic) {
	const scalar = {shape: [], dtype: 'float32'} as const;
	return compile(
		name,
		(inputs, state) => {
			optimizer.update(state, {parameter, members, slots, ...inputs});
			return {};
		},
		{gradient: {shape: parameter.shape, dtype: 'float32'}, stepSize: scalar, decay: scalar, extra: scalar},
		arithmetic,
	);
}
