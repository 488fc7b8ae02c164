import type {SafetensorsFile} from '../../src/train/weights/index.ts';
import {allowed, inHalves, type Arithmetic} from './arithmetic.ts';
import {relativeL2, Together, Worst, type Check} from './check.ts';
import type {Differentiated} from './network.ts';

/** What a `cases.json` says about the gradients of mean(output²). */
export interface GradientsJson {
	readonly of: string;
	readonly loss: number;
	/** Parameters whose gradient is zero but for rounding. */
	readonly zero_gradient: readonly string[];
	/** Rows of the tensor `checksums`. */
	readonly order_of_checksums?: readonly string[];
}

export interface GradientTolerance {
	readonly gradient_relative_l2: number;
	readonly gradient_checksum_relative?: number;
}

const LOSS_TOLERANCE = 1e-5;
/** The fixtures say so in words. */
const ZERO_GRADIENT_TOLERANCE = 1e-5;

/** Every stored gradient, whole or sampled, and the checksums; the worst of each measure is named. */
export async function* gradientChecks(title: string, {loss, gradients}: Differentiated, file: SafetensorsFile, json: GradientsJson, tolerance: GradientTolerance, arithmetic: Arithmetic): AsyncGenerator<Check> {
	yield {name: `${title}: loss (relative)`, worst: Math.abs(loss - json.loss) / json.loss, tolerance: allowed(arithmetic, 'loss', LOSS_TOLERANCE)};

	const zero = new Set(json.zero_gradient);
	const stored = [...file.tensors.keys()].filter(name => name !== 'checksums');
	const missing = [...gradients.keys()].filter(name => !file.tensors.has(name)).length + stored.filter(name => !gradients.has(name)).length;
	yield {name: `${title}: gradients on one side only`, worst: missing, tolerance: 0};

	const compared = new Worst();
	const [together, nought] = [new Together(), new Worst()];
	for (const name of stored) {
		const found = gradients.get(name);
		if (!found) continue;
		const reference = await file.readFloat32(name);
		if (zero.has(name)) nought.add(name, found.reduce((largest, value) => (Math.abs(value) <= largest ? largest : Math.abs(value)), 0));
		else {
			const own = sampled(found, reference.length);
			compared.add(name, relativeL2(own, reference));
			together.add(own, reference);
		}
	}
	yield compared.check(`${title}: gradients`, allowed(arithmetic, 'gradient', tolerance.gradient_relative_l2));
	if (inHalves(arithmetic)) yield together.check(`${title}: gradients`, allowed(arithmetic, 'gradients', Infinity));
	if (zero.size > 0) yield nought.check(`${title}: zero gradients (absolute)`, allowed(arithmetic, 'zero', ZERO_GRADIENT_TOLERANCE));

	if (!json.order_of_checksums || tolerance.gradient_checksum_relative === undefined) return;
	const checksums = await file.readFloat32('checksums');
	const [squares, sums] = [new Worst(), new Worst()];
	for (const [row, name] of json.order_of_checksums.entries()) {
		const found = gradients.get(name);
		if (!found || zero.has(name)) continue;
		const [sum, square, wave] = checksums.subarray(3 * row, 3 * row + 3);
		const own = checksumsOf(found);
		squares.add(name, Math.abs(own.square - square) / square);
		const scale = Math.sqrt(found.length * square);
		sums.add(name, Math.max(Math.abs(own.sum - sum), Math.abs(own.wave - wave)) / scale);
	}
	yield squares.check(`${title}: Σg² (relative)`, allowed(arithmetic, 'checksum', tolerance.gradient_checksum_relative));
	yield sums.check(`${title}: Σg and Σg·cos(i) (of √(n·Σg²))`, allowed(arithmetic, 'checksum', tolerance.gradient_checksum_relative));
}

/** Large gradients are stored as `count` of their n elements: floor(k·n/count). */
export const sampled = (values: Float32Array, count: number): Float32Array => (values.length === count ? values : Float32Array.from({length: count}, (_, k) => values[Math.floor((k * values.length) / count)]));

function checksumsOf(values: Float32Array): {sum: number; square: number; wave: number} {
	let [sum, square, wave] = [0, 0, 0];
	for (const [i, value] of values.entries()) {
		sum += value;
		square += value * value;
		wave += value * Math.cos(i);
	}
	return {sum, square, wave};
}
