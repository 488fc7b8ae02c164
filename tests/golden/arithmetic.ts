import type {CompileOptions, Precision} from '../../src/train/graph/index.ts';

/** How the functions of a section are computed: `npm run golden -- --precision bf16 --engine xla`. */
export type Arithmetic = Required<Pick<CompileOptions, 'mode' | 'precision'>>;

/** That of the reference implementations. The fixtures' tolerances are for it, and for every other engine in f32. */
export const plain: Arithmetic = {mode: 'graph', precision: 'f32'};

export const inHalves = ({precision}: Arithmetic): boolean => precision !== 'f32';

/** What is compared; relative L2 where nothing else is said. */
export type Kind =
	/** What a network or a block computes. */
	| 'output'
	/** A loss, relative. */
	| 'loss'
	/** The gradient of any one tensor. */
	| 'gradient'
	/** All gradients of a check as one vector. */
	| 'gradients'
	/** The sums over a gradient. */
	| 'checksum'
	/** A gradient that is zero but for rounding, absolute. */
	| 'zero'
	/** The norm of all gradients, relative. */
	| 'norm'
	/** The way that parameters went in Adam's first steps, all tracked ones as one vector; that of the average of any one. */
	| 'update'
	/** The sums over the ways, of any one tensor. */
	| 'updateSums'
	/** The sums over averages of the parameters. */
	| 'average'
	/** The colours 0 ... 1 of an image: the largest and the mean difference. */
	| 'pixel'
	| 'pixels';

/**
 * The tolerances in half precision. Rounding to nearest has a relative error of up to u: 2⁻⁸ = 3.9e-3 in bf16, 2⁻¹¹ = 4.9e-4 in f16. Weights
 * and activations are rounded at every layer and the roundings are independent, so that an output behind L of them is off by about √L·u: 10 u
 * behind the hundred of a UNet. A gradient has the way back too, and that of a tensor whose terms almost cancel loses more, while all of them
 * as one vector lose little more than an output; a loss and a norm are means of so many values that their errors cancel to a few u.
 * Adam's first steps have the size of the rate and the sign of the gradient: an element within its rounding of zero may go the other way,
 * which counts two steps. In f16 small terms of a gradient have few digits or none, so that a single one is not eight times as good as in bf16.
 *
 * Each is two to three times what the CPU had in the worst check of its kind. A wrong layer is off by more: the fixtures name a head count
 * taken for a head width 0.12, halves swapped in GEGLU 0.53, a wrong padding 0.97. A gradient that is missing is off by 1, and so is an update;
 * one the other way by 2. Wrong epsilons are for f32.
 */
const tolerances: Readonly<Record<Exclude<Precision, 'f32'>, Readonly<Record<Kind, number>>>> = {
	bf16: {output: 0.08, loss: 0.012, gradient: 0.4, gradients: 0.12, checksum: 0.25, zero: 1e-4, norm: 0.02, update: 0.5, updateSums: 0.4, average: 0.015, pixel: 0.08, pixels: 0.008},
	f16: {output: 0.01, loss: 0.002, gradient: 0.08, gradients: 0.015, checksum: 0.03, zero: 1e-5, norm: 0.003, update: 0.25, updateSums: 0.15, average: 0.005, pixel: 0.01, pixels: 0.001},
};

/** The tolerance of a check whose fixture gives `f32`. */
export const allowed = ({precision}: Arithmetic, kind: Kind, f32: number): number => (precision === 'f32' ? f32 : tolerances[precision][kind]);
