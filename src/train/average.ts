import {assignVariable, readVariable} from './graph/index.ts';
import type {Parameters, ParameterSet} from './parameters.ts';

/** The moving average of a network's weights: shadow ← shadow − rate·(shadow − θ), once per optimizer step, in 32-bit floats. */
export interface Average extends ParameterSet {
	/** Where the compiled step updates it; absent when it is kept on the host. */
	readonly onDevice?: Parameters;
	/** Moves it after a step, unless the step itself does. Waits for the device. */
	follow(rate: number): void;
	/** The network and its average change places, bit for bit. */
	exchange(): void;
}

/** Kept on the device and updated inside the step. */
export function deviceAverage(network: Parameters): Average {
	const shadow = network.copy('ema');
	return {
		onDevice: shadow,
		bytes: shadow.bytes,
		stored: () => shadow.stored(),
		restore: source => shadow.restore(source),
		dispose: () => shadow.dispose(),
		follow() {},
		exchange() {
			for (const [i, {variable}] of network.blocks.entries()) {
				const [weights, average] = [readVariable(variable), readVariable(shadow.blocks[i].variable)];
				assignVariable(variable, average);
				assignVariable(shadow.blocks[i].variable, weights);
			}
		},
	};
}

/** Kept in the host's memory: it takes no room on the device, and all weights travel at each step. */
export function hostAverage(network: Parameters): Average {
	let shadow = network.blocks.map(({variable}) => readVariable(variable));
	return {
		bytes: network.bytes,
		stored: () => shadow.flatMap((values, block) => network.stored({block, values: () => values})),
		async restore(source) {
			for (const block of shadow.keys()) shadow[block] = await network.valuesOf(block, source);
		},
		dispose() {
			shadow = [];
		},
		follow(rate) {
			for (const [i, {variable}] of network.blocks.entries()) {
				const weights = readVariable(variable);
				const average = shadow[i];
				for (let j = 0; j < average.length; j++) average[j] -= rate * (average[j] - weights[j]);
			}
		},
		exchange() {
			for (const [i, {variable}] of network.blocks.entries()) {
				const weights = readVariable(variable);
				assignVariable(variable, shadow[i]);
				shadow[i] = weights;
			}
		},
	};
}
