import {formatShape} from './dtypes.ts';
import {WeightsError} from './errors.ts';
import type {SafetensorsFile} from './safetensors.ts';

/** A tensor that a file does not have as it has to be. */
export interface Mismatch {
	readonly name: string;
	readonly expected: readonly number[];
	readonly found: readonly number[] | undefined;
}

/**
 * Compares a file with the tensors that a network needs.
 * @param expected checkpoint names and their shapes on disk
 * @returns the names in the file that the network does not use
 * @throws WeightsError with every missing or misshapen tensor counted and the first few shown: key, expected, found
 */
export function checkWeights(file: SafetensorsFile, expected: ReadonlyMap<string, readonly number[]>): string[] {
	const mismatches: Mismatch[] = [];
	for (const [name, shape] of expected) {
		const found = file.tensors.get(name)?.shape;
		if (String(found) !== String(shape)) mismatches.push({name, expected: shape, found});
	}
	if (mismatches.length > 0) {
		refuseMismatches(`${file.path} does not fit its config.json`, mismatches, 'Take config.json and weights from the same model, or download the model again.');
	}
	return [...file.tensors.keys()].filter(name => !expected.has(name));
}

const SHOWN = 8;

/** @throws WeightsError `<what>: 2 tensors are missing or misshapen: <key>: expected [4], found [5] ...` */
export function refuseMismatches(what: string, mismatches: readonly Mismatch[], action: string): never {
	const lines = mismatches.slice(0, SHOWN).map(({name, expected, found}) => `${name}: expected ${formatShape(expected)}, found ${found ? formatShape(found) : 'nothing'}`);
	if (mismatches.length > SHOWN) lines.push(`... and ${mismatches.length - SHOWN} more`);
	const count = mismatches.length === 1 ? '1 tensor is' : `${mismatches.length} tensors are`;
	throw new WeightsError(`${what}: ${count} missing or misshapen:\n  ${lines.join('\n  ')}`, {action});
}
