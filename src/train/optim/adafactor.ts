import type {Tensor} from '@tensorflow/tfjs';
import {ops, type State} from '../graph/index.ts';
import type {Member, Optimizer, Slot, Update} from './optimizer.ts';
import {clipped, decayShare, likeParameter, parameterNow, subtractFrom} from './parts.ts';

/** Two implementations are in use; they differ in where the small constants go. */
export type AdafactorOptions =
	/** transformers' with relative_step off. `scaleParameter`: steps in proportion to each tensor's size. */
	| {readonly form: 'transformers'; readonly scaleParameter: boolean}
	/** torch's. */
	| {readonly form: 'torch'};

/** Exponent of the decay of the second moment: β₂ = 1 − step^−0.8. */
const DECAY = -0.8;
/** Smallest size that a tensor counts with. */
const SMALLEST_SCALE = 1e-3;
const TINY = {transformers: 1e-30, torch: 2 ** -23} as const;

/**
 * Adafactor (Shazeer & Stern 2018) without a first moment: of a matrix's squared gradients only the means of rows and columns
 * are kept, so its state is nearly nothing. Rows and columns are those of torch's tensor: of a convolution, its kernel's.
 */
export function adafactor(options: AdafactorOptions): Optimizer {
	return {
		slots: ({members}) => slotsOf(members).filter(({shape: [size]}) => size > 0),
		scalars: ({learningRate, step, weightDecay}) => ({
			stepSize: options.form === 'torch' ? Math.min(learningRate, 1 / Math.sqrt(step)) : learningRate,
			decay: options.form === 'torch' ? decayShare(learningRate, weightDecay) : weightDecay,
			extra: 1 - step ** DECAY,
		}),
		update(state, update) {
			const {parameter, members, stepSize, decay} = update;
			const before = parameterNow(state, update);
			const gradients = membersOf(clipped(update), members);
			const moments = new Moments(state, update);
			const steps = membersOf(before, members).map((value, i) => {
				const {direction, scale} = options.form === 'torch' ? torchStep(value, gradients[i], moments, members[i]) : transformersStep(value, gradients[i], moments, members[i], options);
				const rate = ops.multiply(stepSize, scale);
				return {lost: ops.multiply(value, options.form === 'torch' ? decay : ops.multiply(decay, rate)), moved: ops.multiply(direction, rate)};
			});
			moments.write();
			const joined = (parts: readonly Tensor[]) => ops.reshape(ops.concat(parts.map(part => ops.reshape(part, [part.size])), 0), parameter.shape);
			subtractFrom(state, parameter, joined(steps.map(({lost}) => lost)));
			subtractFrom(state, parameter, joined(steps.map(({moved}) => moved)));
		},
	};
}

/** `direction`: what the parameter moves by at a rate of 1; `scale`: what the rate is multiplied with. */
interface Step {
	readonly direction: Tensor;
	readonly scale: Tensor;
}

function transformersStep(value: Tensor, gradient: Tensor, moments: Moments, member: Member, {scaleParameter}: {scaleParameter: boolean}): Step {
	const squares = ops.add(ops.square(gradient), ops.constant(TINY.transformers));
	const axes = factored(member);
	let direction: Tensor;
	if (axes) {
		const row = moments.next('v_row', ops.mean(squares, [axes.last], {keep: true}));
		const column = moments.next('v_col', ops.mean(squares, [axes.beforeLast], {keep: true}));
		const rows = ops.reciprocalSquareRoot(ops.divide(row, ops.mean(row, [axes.beforeLast], {keep: true})));
		direction = ops.multiply(gradient, ops.multiply(rows, ops.reciprocalSquareRoot(column)));
	} else {
		direction = ops.multiply(gradient, ops.reciprocalSquareRoot(moments.next('v', squares)));
	}
	const limit = ops.maximum(rootMeanSquare(direction), ops.constant(1));
	return {direction: ops.divide(direction, limit), scale: scaleParameter ? scaleOf(value) : ops.constant(1)};
}

function torchStep(value: Tensor, gradient: Tensor, moments: Moments, member: Member): Step {
	const squares = ops.square(gradient);
	const axes = factored(member);
	let variance: Tensor;
	if (axes) {
		const row = moments.next('v_row', ops.mean(squares, [axes.last], {keep: true}));
		const column = moments.next('v_col', ops.mean(squares, [axes.beforeLast], {keep: true}));
		variance = ops.divide(ops.multiply(row, column), ops.maximum(ops.mean(row, [axes.beforeLast], {keep: true}), ops.constant(TINY.torch)));
	} else {
		variance = moments.next('v', squares);
	}
	const direction = ops.multiply(gradient, ops.reciprocalSquareRoot(ops.maximum(variance, ops.constant(TINY.torch ** 2))));
	return {direction: ops.divide(direction, ops.maximum(rootMeanSquare(direction), ops.constant(1))), scale: scaleOf(value)};
}

const rootMeanSquare = (x: Tensor): Tensor => ops.squareRoot(ops.mean(ops.square(x), ops.allAxes(x)));
const scaleOf = (value: Tensor): Tensor => ops.maximum(rootMeanSquare(value), ops.constant(SMALLEST_SCALE));

/** The axes on the device that are torch's last and last but one; undefined for vectors, which are not factored. */
function factored({shape, declaration}: Member): {readonly last: number; readonly beforeLast: number} | undefined {
	const rank = declaration.shape.length;
	if (rank < 2) return undefined;
	// A convolution is [height, width, in, out] here and [out, in, height, width] there.
	if (rank === 4 && shape.length === 4) return {last: 1, beforeLast: 0};
	// A 1x1 convolution's two last axes have one entry each: nothing is shared.
	return rank === 4 ? undefined : {last: rank - 1, beforeLast: rank - 2};
}

type SlotName = 'v_row' | 'v_col' | 'v';

/** What is kept of a tensor: shapes by slot. */
function kept(member: Member): Partial<Record<SlotName, readonly number[]>> {
	const axes = factored(member);
	if (!axes) return {v: member.shape};
	const without = (axis: number) => member.shape.map((side, i) => (i === axis ? 1 : side));
	return {v_row: without(axes.last), v_col: without(axes.beforeLast)};
}

const sizeOf = (shape: readonly number[] | undefined): number => shape?.reduce((product, n) => product * n, 1) ?? 0;

const slotsOf = (members: readonly Member[]): Slot[] =>
	(['v_row', 'v_col', 'v'] as const).map(name => likeParameter(name, [members.reduce((sum, member) => sum + sizeOf(kept(member)[name]), 0)]));

const membersOf = (x: Tensor, members: readonly Member[]): Tensor[] =>
	ops.split(ops.reshape(x, [x.size]), members.map(({size}) => size)).map((part, i) => ops.reshape(part, members[i].shape));

/** The second moments of a variable's tensors, in their order: read once, moved on one by one, written together. */
class Moments {
	readonly #before = new Map<SlotName, Tensor[]>();
	readonly #after = new Map<SlotName, Tensor[]>();
	readonly #rate: Tensor;

	constructor(private readonly state: State, private readonly updated: Update) {
		const {members, slots, gradient, extra} = updated;
		this.#rate = extra;
		for (const [i, {name}] of slotsOf(members).filter(({shape: [size]}) => size > 0).entries()) {
			const shapes = members.map(member => kept(member)[name as SlotName]).filter(shape => shape !== undefined);
			const parts = ops.split(ops.hold(state.read(slots[i]), gradient), shapes.map(sizeOf));
			this.#before.set(name as SlotName, parts.map((part, j) => ops.reshape(part, shapes[j])));
			this.#after.set(name as SlotName, []);
		}
	}

	/** β₂·v + (1 − β₂)·x for the next tensor that has this slot. */
	next(name: SlotName, x: Tensor): Tensor {
		const before = this.#before.get(name)?.shift() as Tensor;
		const after = ops.add(ops.multiply(this.#rate, before), ops.multiply(ops.subtract(ops.constant(1), this.#rate), x));
		this.#after.get(name)?.push(ops.reshape(after, [after.size]));
		return after;
	}

	write(): void {
		for (const [i, parts] of [...this.#after.values()].entries()) this.state.assign(this.updated.slots[i], ops.concat(parts, 0));
	}
}
