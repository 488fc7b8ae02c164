import path from 'node:path';
import {priorWeightAt} from '../../src/train/loss.ts';
import {ops} from '../../src/train/graph/index.ts';
import {encodeText, unet} from '../../src/train/models/index.ts';
import type {EmaRule} from '../../src/train/optim/index.ts';
import {noisyLatents} from '../../src/train/step.ts';
import {openSafetensors, type SafetensorsFile} from '../../src/train/weights/index.ts';
import {allowed, inHalves, plain} from './arithmetic.ts';
import {largestDifference, relativeL2, Together, Worst, type Check, type Section} from './check.ts';
import {channelsFirst, evaluate, readJson} from './network.ts';
import {readTrainingData, VariantRun, type Losses, type StepResult, type TrainingData, type VariantOptions} from './training-run.ts';

interface VariantJson {
	readonly options: VariantOptions;
	readonly steps: readonly (StepResult & {readonly clip_coefficient: number})[];
	readonly zero_gradient: readonly string[];
	readonly tracked: readonly string[];
	readonly fp32_noise: readonly {readonly update_worst_relative_l2: number}[];
	readonly tolerance: {readonly loss_relative: number; readonly grad_norm_relative: number; readonly update_squares_relative: number; readonly first_step_tensors_relative_l2: number};
}

/** Each is a file of the folder `training`; what it does stands in its JSON. */
const variants = [
	'plain',
	'prior',
	'v-prediction',
	'text-encoder',
	'accumulation',
	'clip',
	'clip-text-encoder-prior-accumulation',
	'offset-noise',
	'min-snr',
	'prior-min-snr',
	'v-prediction-min-snr',
] as const;

const GRADIENT_TOLERANCE = 1e-3;
const EMA_CHECKSUM_TOLERANCE = 1e-4;
/** ‖(p − p₀) − (ref − p₀)‖ / ‖ref − p₀‖, where the reference's own rounding is not larger. */
const UPDATE_TOLERANCE = 0.02;
/** The stored averages were rounded at every step: what an element may be off by, relative to itself. */
const AVERAGE_ROUNDING = 2 ** -22;

const emaRules: readonly {readonly name: string; readonly rule: EmaRule}[] = [
	{name: 'ema.diffusers', rule: {kind: 'diffusers', decay: 0.9999}},
	{name: 'ema.warmup', rule: {kind: 'warmup', decay: 0.9999, gamma: 1, power: 2 / 3}},
	{name: 'ema.constant', rule: {kind: 'constant', decay: 0.9999}},
];

export const training: Section = {
	title: '7. training',
	async *run(fixtures, arithmetic = plain) {
		const data = await readTrainingData(fixtures, arithmetic);
		const folder = path.join(fixtures, 'training');
		for (const variant of variants) yield* variantChecks(folder, variant, data);
		yield* priorWeightChecks(folder);
	},
};

async function* variantChecks(folder: string, variant: string, data: TrainingData): AsyncGenerator<Check> {
	const json = await readJson<VariantJson>(folder, `${variant}.json`);
	const names = await readJson<Readonly<Record<'unet' | 'text_encoder', readonly string[]>>>(folder, 'parameter-names.json');
	const order = [...(json.options.train_text_encoder ? names.text_encoder : []), ...names.unet];
	const file = await openSafetensors(path.join(folder, `${variant}.safetensors`));
	const averaged = emaRules.filter(({name}) => file.tensors.has(`${name}/checksums`));
	const run = await VariantRun.open(data, json.options, {ema: averaged.length > 0});
	const title = (what: string) => `${variant}: ${what}`;

	yield {name: title('trained parameters on one side only'), worst: onOneSide([...run.start.keys()], order), tolerance: 0};
	if (file.tensors.has('first/latents')) yield* firstChecks(title, run, data, file, json.tolerance.first_step_tensors_relative_l2);
	const [{rule}] = [...averaged, ...emaRules];
	yield* stepChecks(title, run, rule, {json, file, order});
	for (const {name, rule} of averaged) {
		await run.restart();
		for (let s = 0; s < json.steps.length; s++) run.step(rule);
		yield* averageChecks(title(name), run, {name, json, file, order});
	}
	run.dispose();
	await file.close();
}

type Title = (what: string) => string;

interface Reference {
	readonly json: VariantJson;
	readonly file: SafetensorsFile;
	/** Rows of the checksums. */
	readonly order: readonly string[];
}

/** The tensors inside the first micro-batch: its latents, noise, text states and the network's output. */
async function* firstChecks(title: Title, run: VariantRun, {configs, batch, arithmetic}: TrainingData, file: SafetensorsFile, tolerance: number): AsyncGenerator<Check> {
	const {tokens, ...inputs} = run.inputs(0);
	const {text_states} = evaluate(run.model.textEncoder, {tokens}, (p, {tokens}) => ({text_states: encodeText(configs.textEncoderConfig, {clipSkip: 1})(p, tokens)}), arithmetic);
	const images = evaluate(run.model.unet, inputs, (p, {moments, epsilon, noise, timesteps, states}) => {
		const {latents, noisy, target} = noisyLatents(run.model, {moments, epsilon, noise, timesteps});
		return {latents, noisy_latents: noisy, target, prediction: unet(configs.unetConfig)(p, {sample: noisy, timesteps: ops.toFloat(timesteps), context: states})};
	}, arithmetic);
	const {shape} = inputs.noise;
	const found = {text_states, ...Object.fromEntries(Object.entries(images).map(([name, values]) => [name, channelsFirst({shape, values}).values]))} as Record<string, Float32Array>;
	const worst = new Worst();
	for (const [name, values] of Object.entries(found)) {
		const expected = await file.readFloat32(`first/${name}`);
		// With prior preservation upstream has split target and prediction: only the instance half is stored.
		const [rows] = file.get(`first/${name}`).shape;
		worst.add(name, rows === run.rows || rows === batch ? relativeL2(values.subarray(0, (values.length / run.rows) * rows), expected) : Infinity);
	}
	yield worst.check(title('first micro-batch'), allowed(arithmetic, 'output', tolerance));
}

async function* stepChecks(title: Title, run: VariantRun, rule: EmaRule, {json, file, order}: Reference): AsyncGenerator<Check> {
	const {tolerance, steps} = json;
	const {arithmetic} = run;
	const [losses, norms, gradients, squares] = [new Worst(), new Worst(), new Worst(), new Worst()];
	const updates: Check[] = [];
	let moments = new Map<string, Float32Array>();
	for (const [i, expected] of steps.entries()) {
		const step = `step ${i + 1}`;
		const result = run.step(rule);
		compareLosses(losses, step, result, expected);
		expected.micro_batches.forEach((micro, k) => compareLosses(losses, `${step} micro-batch ${k + 1}`, result.micro_batches[k], micro));
		norms.add(step, relative(result.grad_norm, expected.grad_norm));

		const before = moments;
		moments = run.firstMoments(json.tracked);
		await compareGradients(gradients, i + 1, {before, moments, clip: expected.clip_coefficient, beta1: run.beta1}, file);
		updates.push(...(await updateChecks(title, i + 1, run, squares, {json, file, order})));
	}
	yield losses.check(title('losses (relative)'), allowed(arithmetic, 'loss', tolerance.loss_relative));
	yield norms.check(title('norms of the gradients (relative)'), allowed(arithmetic, 'norm', tolerance.grad_norm_relative));
	yield gradients.check(title('gradients'), allowed(arithmetic, 'gradient', GRADIENT_TOLERANCE));
	yield* updates;
	yield squares.check(title('Σ(p − p₀)² (relative)'), allowed(arithmetic, 'updateSums', tolerance.update_squares_relative));
}

function compareLosses(worst: Worst, where: string, found: Losses, expected: Losses): void {
	for (const name of ['loss', 'instance_loss', 'prior_loss'] as const) {
		const value = expected[name];
		if (value !== undefined) worst.add(`${where} ${name}`, relative(found[name] ?? NaN, value));
	}
}

/** The gradient that AdamW was given, out of its first moments: m ← β₁·m + (1 − β₁)·g. */
async function compareGradients(worst: Worst, step: number, {before, moments, clip, beta1}: {before: ReadonlyMap<string, Float32Array>; moments: ReadonlyMap<string, Float32Array>; clip: number; beta1: number}, file: SafetensorsFile): Promise<void> {
	for (const [prefix, factor] of [[`gradient.${step}/`, clip], [`clipped_gradient.${step}/`, 1]] as const) {
		for (const stored of file.tensors.keys()) {
			if (!stored.startsWith(prefix)) continue;
			const name = stored.slice(prefix.length);
			const earlier = before.get(name);
			const found = moments.get(name)?.map((m, i) => (m - beta1 * (earlier?.[i] ?? 0)) / (1 - beta1));
			worst.add(stored, relativeL2(found ?? [], (await file.readFloat32(stored)).map(value => value * factor)));
		}
	}
}

/** The tracked parameters one by one, and the sums over every parameter. */
async function updateChecks(title: Title, step: number, run: VariantRun, squares: Worst, {json, file, order}: Reference): Promise<Check[]> {
	const limit = Math.max(UPDATE_TOLERANCE, 10 * json.fp32_noise[step - 1].update_worst_relative_l2);
	const zero = new Set(json.zero_gradient);
	const parameters = run.parameters();
	const startOf = (name: string) => run.start.get(name) as Float32Array;
	const [tracked, together, sums] = [new Worst(), new Together(), new Worst()];
	for (const name of json.tracked) {
		if (zero.has(name)) continue;
		const expected = await file.readFloat32(`step.${step}/${name}`);
		const [own, reference] = [parameters.get(name) ?? new Float32Array(), expected].map(values => differences(values, startOf(name)));
		tracked.add(name, relativeL2(own, reference));
		together.add(own, reference);
	}
	const checksums = await file.readFloat32(`step.${step}/checksums`);
	for (const [row, name] of order.entries()) {
		const values = parameters.get(name);
		if (zero.has(name) || !values) continue;
		const [sum, square] = checksums.subarray(2 * row);
		const own = sumsOf(differences(values, startOf(name)));
		squares.add(`step ${step} ${name}`, relative(own.square, square));
		sums.add(name, Math.abs(own.sum - sum) / Math.sqrt(values.length * square));
	}
	const what = title(`step ${step}, tracked updates`);
	return [
		inHalves(run.arithmetic) ? together.check(what, allowed(run.arithmetic, 'update', limit)) : tracked.check(what, limit),
		sums.check(title(`step ${step}, Σ(p − p₀) (of √(n·Σ(p − p₀)²))`), allowed(run.arithmetic, 'updateSums', limit)),
	];
}

async function* averageChecks(title: string, run: VariantRun, {name: rule, json, file, order}: Reference & {readonly name: string}): AsyncGenerator<Check> {
	const averages = run.averages();
	const zero = new Set(json.zero_gradient);
	const [tracked, sums] = [new Worst(), new Worst()];
	for (const name of json.tracked) {
		if (zero.has(name)) continue;
		const expected = await file.readFloat32(`${rule}/${name}`);
		const start = run.start.get(name) as Float32Array;
		const off = norm(differences(averages.get(name) ?? new Float32Array(), expected)) - AVERAGE_ROUNDING * norm(expected);
		tracked.add(name, Math.max(0, off) / norm(differences(start, expected)));
	}
	yield tracked.check(`${title}, tracked averages beyond rounding`, allowed(run.arithmetic, 'update', UPDATE_TOLERANCE));
	const checksums = await file.readFloat32(`${rule}/checksums`);
	for (const [row, name] of order.entries()) {
		const values = averages.get(name);
		if (zero.has(name) || !values) continue;
		const [sum, square] = checksums.subarray(2 * row);
		const own = sumsOf(values);
		sums.add(name, Math.max(Math.abs(own.sum - sum) / Math.sqrt(values.length * square), relative(own.square, square)));
	}
	yield sums.check(`${title}, Σp (of √(n·Σp²)) and Σp² (relative)`, allowed(run.arithmetic, 'average', EMA_CHECKSUM_TOLERANCE));
}

async function* priorWeightChecks(folder: string): AsyncGenerator<Check> {
	const {weight, min, target_epochs, values, tolerance_abs} = await readJson<{weight: number; min: number; target_epochs: number; values: readonly number[]; tolerance_abs: number}>(folder, 'prior-weight-schedule.json');
	const schedule = {priorLossWeight: weight, scalePriorLoss: true, priorLossTarget: target_epochs, priorLossWeightMin: min};
	yield {name: `prior-weight-schedule: weight in ${values.length} epochs (absolute)`, worst: largestDifference(values.map((_, epoch) => priorWeightAt(epoch, schedule)), values), tolerance: tolerance_abs};
}

const relative = (actual: number, expected: number): number => Math.abs(actual - expected) / Math.abs(expected);
const onOneSide = (a: readonly string[], b: readonly string[]): number => [...new Set([...a, ...b])].filter(name => !a.includes(name) || !b.includes(name)).length;
const norm = (values: ArrayLike<number>): number => Math.sqrt(sumsOf(values).square);

/** a − b, in the length of b; NaN where a is shorter. */
function differences(a: Float32Array, b: Float32Array): Float32Array {
	const result = new Float32Array(b.length);
	for (let i = 0; i < b.length; i++) result[i] = a[i] - b[i];
	return result;
}

function sumsOf(values: ArrayLike<number>): {sum: number; square: number} {
	let [sum, square] = [0, 0];
	for (let i = 0; i < values.length; i++) {
		sum += values[i];
		square += values[i] ** 2;
	}
	return {sum, square};
}
