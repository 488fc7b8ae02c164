import {describe, expect, it} from 'vitest';
import {compile, createVariable, disposeVariable, readVariable} from '../../../src/train/graph/index.ts';
import {adafactor, adamw, adamw8bit, isFiniteTensor, lion, lion8bit, onlyIf, sgd, type Optimizer} from '../../../src/train/optim/index.ts';
import {normals} from '../../../src/train/random.ts';

const optimizers: Readonly<Record<string, Optimizer>> = {
	adamw: adamw({beta1: 0.9, beta2: 0.999, epsilon: 0}),
	adamw8bit: adamw8bit({beta1: 0.9, beta2: 0.999, epsilon: 1e-8}),
	lion: lion({beta1: 0.9, beta2: 0.99}),
	lion8bit: lion8bit({beta1: 0.9, beta2: 0.99}),
	adafactor: adafactor({form: 'transformers', scaleParameter: true}),
	sgd: sgd({momentum: 0.9}),
};
const size = 4096;
const declaration = {shape: [64, 64]};

/** Parameters and state after each of some updates, where the values of `gradients` say what each was given. */
function updates(optimizer: Optimizer, mode: 'eager' | 'graph' | 'xla', gradients: readonly ('good' | number)[], {guarded}: {guarded: boolean}): Buffer[] {
	const members = [{...declaration, declaration, size, offset: 0}];
	const parameter = createVariable('p', declaration.shape, {values: normals(size, {seed: 1, stream: 'p'})});
	const slots = optimizer.slots({shape: declaration.shape, members}).map(({name, shape, dtype, fill}) => createVariable(name, shape, {values: fill, dtype}));
	const scalar = {shape: [], dtype: 'float32'} as const;
	const update = compile(`guarded_${mode}`, ({deciding, ...inputs}, state) => {
		optimizer.update(guarded ? onlyIf(isFiniteTensor(deciding), state) : state, {parameter, members, slots, ...inputs});
		return {};
	}, {gradient: {shape: declaration.shape, dtype: 'float32'}, deciding: scalar, stepSize: scalar, decay: scalar, extra: scalar}, {mode});
	let good = 0;
	const states = gradients.map(kind => {
		const {stepSize, decay, extra} = optimizer.scalars({learningRate: 0.01, step: kind === 'good' ? ++good : 9, weightDecay: 0.1});
		const gradient = kind === 'good' ? normals(size, {seed: 1, stream: 'g', step: good}) : normals(size, {seed: 2, stream: 'bad'}).fill(kind, 100, 200);
		update.call({gradient, deciding: Float32Array.of(kind === 'good' ? 1 : kind), stepSize: Float32Array.of(stepSize), decay: Float32Array.of(decay), extra: Float32Array.of(extra)});
		return Buffer.concat([parameter, ...slots].map(variable => Buffer.from(readVariable(variable).buffer)));
	});
	update.dispose();
	for (const variable of [parameter, ...slots]) disposeVariable(variable);
	return states;
}

describe.each(Object.entries(optimizers))('%s', (_, optimizer) => {
	it.each(['graph', 'eager', 'xla'] as const)('keeps parameters and state to the bit when an update is skipped, whatever its gradient holds (%s)', mode => {
		// XLA rounds otherwise where it fuses otherwise.
		const [first, second] = updates(optimizer, mode, ['good', 'good'], {guarded: mode === 'xla'});
		const states = updates(optimizer, mode, ['good', NaN, Infinity, 'good', -Infinity], {guarded: true});
		expect(first.equals(second)).toBe(false);
		expect(states.map(state => [first, second].findIndex(expected => expected.equals(state)))).toEqual([0, 0, 0, 1, 1]);
	});
});
