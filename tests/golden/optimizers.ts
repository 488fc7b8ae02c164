import path from 'node:path';
import {compile, createVariable, disposeVariable, readVariable, type Variable} from '../../src/train/graph/index.ts';
import {adamw, type Optimizer} from '../../src/train/optim/index.ts';
import {openSafetensors, type SafetensorsFile} from '../../src/train/weights/index.ts';
import {largestDifference, relativeL2, Worst, type Check, type Section} from './check.ts';
import {readFloats, readJson} from './network.ts';

interface OptimizersJson {
	readonly lr: number;
	readonly weight_decay: number;
	readonly cases: Readonly<Record<string, {readonly tolerance: {readonly parameter_abs: number; readonly state_relative_l2: number}}>>;
}

/** By the name of the case, with the settings that its reference had. */
const optimizersByCase: Readonly<Record<string, Optimizer>> = {
	adamw: adamw({beta1: 0.9, beta2: 0.999, epsilon: 1e-8}),
};

export const optimizers: Section = {
	title: '8. optimizers',
	async *run(fixtures) {
		const folder = path.join(fixtures, 'optimizers');
		const json = await readJson<OptimizersJson>(folder, 'optimizers.json');
		const inputs = await openSafetensors(path.join(folder, 'inputs.safetensors'));
		for (const [name, optimizer] of Object.entries(optimizersByCase)) {
			const reference = await openSafetensors(path.join(folder, `${name}.safetensors`));
			yield* optimizerChecks(name, optimizer, json, inputs, reference);
			await reference.close();
		}
		await inputs.close();
	},
};

async function* optimizerChecks(title: string, optimizer: Optimizer, {lr: learningRate, weight_decay: weightDecay, cases}: OptimizersJson, inputs: SafetensorsFile, reference: SafetensorsFile): AsyncGenerator<Check> {
	const {tolerance} = cases[title];
	const tensors = [...inputs.tensors.keys()].filter(name => name.endsWith('/parameter')).map(name => name.slice(0, -'/parameter'.length));
	for (const tensor of tensors) {
		const {shape, values} = await readFloats(inputs, `${tensor}/parameter`);
		const gradients = await inputs.readFloat32(`${tensor}/gradients`);
		const parameter = createVariable(tensor, shape, {values});
		const slots = optimizer.slots.map(slot => createVariable(`${tensor}/${slot}`, shape, {values: 0}));
		const update = updating(optimizer, parameter, slots);
		const worst = {parameter: new Worst(), state: new Worst()};
		const steps = gradients.length / values.length;
		for (let step = 1; step <= steps; step++) {
			const {stepSize, decay, epsilon} = optimizer.scalars({learningRate, step, weightDecay});
			const gradient = gradients.subarray((step - 1) * values.length, step * values.length);
			update.call({gradient, stepSize: Float32Array.of(stepSize), decay: Float32Array.of(decay), epsilon: Float32Array.of(epsilon)});
			const at = `${tensor}/step.${step}`;
			for (const [slot, variable] of [['parameter', parameter], ...optimizer.slots.map((slot, i) => [slot, slots[i]] as const)] as const) {
				const name = `${at}/${slot}`;
				if (!reference.tensors.has(name)) continue;
				const [found, expected] = [readVariable(variable), await reference.readFloat32(name)];
				if (slot === 'parameter') worst.parameter.add(name, largestDifference(found, expected));
				else worst.state.add(name, relativeL2(found, expected));
			}
		}
		yield worst.parameter.check(`${title}: ${tensor}, parameter (absolute)`, tolerance.parameter_abs);
		yield worst.state.check(`${title}: ${tensor}, state`, tolerance.state_relative_l2);
		update.dispose();
		for (const variable of [parameter, ...slots]) disposeVariable(variable);
	}
}

function updating(optimizer: Optimizer, parameter: Variable, slots: readonly Variable[]) {
	const scalar = {shape: [], dtype: 'float32'} as const;
	return compile(
		'golden_optimizer',
		(inputs, state) => {
			optimizer.update(state, {parameter, slots, ...inputs});
			return {};
		},
		{gradient: {shape: parameter.shape, dtype: 'float32'}, stepSize: scalar, decay: scalar, epsilon: scalar},
		{mode: 'graph'},
	);
}
