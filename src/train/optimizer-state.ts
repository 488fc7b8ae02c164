import {assignVariable, createVariable, disposeVariable, FLOAT32, readVariable, UINT8, type Variable} from './graph/index.ts';
import {filterOrder} from './nn/index.ts';
import type {Optimizer, Slot} from './optim/index.ts';
import type {Parameters, ParameterSet, ParameterSource, StoredTensor} from './parameters.ts';

interface Kept {
	readonly slot: Slot;
	readonly variable: Variable;
	/** Of the parameters. */
	readonly block: number;
	/** It has the parameters' shape, so that each of them has its own part. */
	readonly alike: boolean;
}

/** What an optimizer keeps beside a network's parameters, on the device. */
export class OptimizerState implements ParameterSet {
	/** By block of the parameters, in the order of the optimizer's slots. */
	readonly variables: readonly (readonly Variable[])[];
	readonly #kept: readonly Kept[];

	constructor(private readonly parameters: Parameters, optimizer: Optimizer) {
		const byBlock = parameters.blocks.map(({variable: {name, shape}, members}, block) =>
			optimizer.slots({shape, members}).map((slot): Kept => ({
				slot,
				block,
				alike: slot.dtype === FLOAT32 && slot.shape.join() === shape.join(),
				variable: createVariable(`${name}/${slot.name}`, slot.shape, {values: slot.fill, dtype: slot.dtype}),
			})));
		this.variables = byBlock.map(kept => kept.map(({variable}) => variable));
		this.#kept = byBlock.flat();
	}

	get bytes(): number {
		return this.#kept.reduce((sum, {slot: {shape, dtype}}) => sum + (dtype === UINT8 ? 1 : 4) * shape.reduce((product, n) => product * n, 1), 0);
	}

	/** `m/conv_in.weight` where each parameter has its own part, `codes_m/conv_in.weight` with the name of the variable where it has not. */
	stored(): StoredTensor[] {
		return this.#kept.flatMap((kept): StoredTensor[] => {
			const {slot, variable, block, alike} = kept;
			if (!alike) return [{name: nameOf(kept), shape: slot.shape, ...(slot.dtype === UINT8 && {dtype: 'U8' as const}), read: () => readVariable(variable)}];
			return this.parameters.stored({block, values: () => readVariable(variable)}).map(tensor => ({...tensor, name: `${slot.name}/${tensor.name}`}));
		});
	}

	async restore(source: ParameterSource): Promise<void> {
		for (const kept of this.#kept) {
			const {slot, variable, block, alike} = kept;
			const values = alike
				? await this.parameters.valuesOf(block, {readFloat32: name => source.readFloat32(`${slot.name}/${name}`)})
				: await source.readFloat32(nameOf(kept));
			assignVariable(variable, values);
		}
	}

	dispose(): void {
		for (const {variable} of this.#kept) disposeVariable(variable);
	}
}

/** Values that follow the variable's order on the device mean nothing in another: the name says the order, so that they are never taken for it. */
const nameOf = ({slot, variable}: Kept): string => `${slot.name}/${variable.name.slice(0, variable.name.lastIndexOf('/'))}${filterOrder().name === 'hwio' ? '' : `/${filterOrder().name}`}`;
