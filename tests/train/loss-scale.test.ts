import {cpSync} from 'node:fs';
import path from 'node:path';
import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {encodeFloats, openSafetensors, writeSafetensors} from '../../src/train/weights/index.ts';
import {relativeL2} from '../golden/check.ts';
import {changed, filesIn, newFolder, removeFolders, smallConfig, trainingRun, type TrainingRun} from './training-run.ts';
import {TinyModel, type Micro, type TinyOptions, type TinyStep} from './tiny-step.ts';

let model: TinyModel;
const steps: TinyStep[] = [];
beforeAll(async () => {
	model = await TinyModel.create();
});
beforeEach(() => model.restart());
afterAll(() => {
	for (const step of steps) step.dispose();
	model.dispose();
});

const f16 = {precision: 'f16'} as const;
const f32 = {precision: 'f32'} as const;
function compiled(options: TinyOptions): TinyStep {
	const step = model.step({growthInterval: 2000, compile: f16, ...options});
	steps.push(step);
	return step;
}
/** A row that counts for so much makes gradients beyond f16 at every scale of these tests. */
const overflow: Micro = {weight: 1e12};
/** Beyond f32 too. */
const beyondAll: Micro = {weight: 1e38};
const bytes = (values: Float32Array) => Buffer.from(values.buffer);
/** Everything that a step changes, to the bit. */
const everything = () => Buffer.concat([
	model.values(), model.values(({ema}) => ema), model.values(({accumulator}) => accumulator), model.values(({optimizerState}) => optimizerState),
].map(bytes));
const scaleNow = () => Object.fromEntries(model.lossScale.stored().map(({name, read}) => [name, read()[0]]));

/** torch's GradScaler, as its documentation says it. */
function gradScaler(overflows: readonly boolean[], growthInterval: number): number[] {
	let [scale, good] = [65_536, 0];
	return overflows.map(isOverflow => {
		good = isOverflow ? 0 : good + 1;
		if (isOverflow) scale *= 0.5;
		if (good < growthInterval) return scale;
		good = 0;
		return scale *= 2;
	});
}

describe('a training step in f16', () => {
	it('has the errors and gradients of f32 within its own rounding', async () => {
		const wide = model.step();
		const expected = wide.run();
		const gradient = model.firstGradient();
		wide.dispose();
		await model.restart();
		// 65 536 would be too much for these random weights.
		await model.setLossScale(1024);
		const {errors, gradientNorm, skipped} = compiled({}).run();
		expect(skipped).toBe(false);
		expect(relativeL2(errors, expected.errors)).toBeLessThan(3e-3);
		expect(relativeL2(model.firstGradient(), gradient)).toBeLessThan(1e-2);
		expect(Math.abs(gradientNorm / expected.gradientNorm - 1)).toBeLessThan(5e-3);
	});

	it.each<[string, TinyOptions]>([
		['as a graph', {}],
		['eagerly', {compile: {...f16, mode: 'eager'}}],
		['with clipping', {gradientClip: 0.5}],
	])('changes nothing but the scale when its gradients overflow, %s', async (_, options) => {
		const step = compiled(options);
		await model.setLossScale(1024);
		expect(step.run().skipped).toBe(false);
		const before = everything();
		const {skipped, lossScale} = step.run(overflow);
		expect({skipped, lossScale}).toEqual({skipped: true, lossScale: 512});
		expect(everything().equals(before)).toBe(true);
		expect(scaleNow()).toEqual({scale: 512, good_steps: 0, updates: 1});
	});

	it('is, when others between are skipped, the same as without them: rates and corrections follow the updates', async () => {
		// In f16 the smallest gradients are rounded differently at another scale.
		const step = compiled({growthInterval: 3, compile: f32});
		const trained = async (rows: readonly Micro[]) => {
			await model.restart();
			await model.setLossScale(1024);
			for (const row of rows) step.run(row);
			return everything();
		};
		const good = [0, 4, 8].map(begin => ({begin}));
		const plain = await trained(good);
		expect((await trained([beyondAll, good[0], beyondAll, beyondAll, good[1], good[2], beyondAll])).equals(plain)).toBe(true);
		expect(scaleNow()).toEqual({scale: 64, good_steps: 0, updates: 3});
	});

	it('finds its scale by the rules of GradScaler', async () => {
		const overflows = [false, false, true, false, false, false, true, true, false, true, false, false, false, false, false];
		const step = compiled({growthInterval: 2, compile: f32});
		const scales = overflows.map(isOverflow => step.run(isOverflow ? beyondAll : {}).lossScale);
		expect(scales).toEqual(gradScaler(overflows, 2));
	});

	it('does not grow beyond what a number holds', async () => {
		const step = compiled({growthInterval: 1, compile: f32});
		await model.setLossScale(2 ** 127);
		expect(step.run({weight: 1e-30}).lossScale).toBe(2 ** 127);
	});

	it('is one overflow when any of its micro-batches has one, and the next begins with empty sums', async () => {
		await model.setLossScale(1024);
		const [accumulate, update] = (['accumulate', 'update'] as const).map(part => compiled({part, rows: 2, accumulating: true}));
		const before = everything();
		accumulate.run(overflow);
		expect(scaleNow()).toEqual({scale: 1024, good_steps: 0, updates: 0});
		expect(update.run({begin: 2}).skipped).toBe(true);
		expect(everything().equals(before)).toBe(true);
		accumulate.run({begin: 4});
		expect(update.run({begin: 6})).toMatchObject({skipped: false, lossScale: 512});
	});
});

describe('a run in f16', () => {
	const config = smallConfig({precision: 'f16', maxSteps: 4, learningRateSchedule: 'linear', ema: true, emaMemory: 'host'});
	let start: TrainingRun;
	beforeAll(async () => {
		start = await trainingRun(config);
	});
	afterAll(removeFolders);

	/** The checkpoint with other values in it. */
	const altered = async (checkpoint: string, file: string, values: (name: string, was: Float32Array) => Float32Array) => {
		const copy = path.join(newFolder(), path.basename(checkpoint));
		cpSync(checkpoint, copy, {recursive: true});
		const opened = await openSafetensors(path.join(checkpoint, file));
		const tensors = [...opened.tensors].map(([name, {shape}]) => ({name, dtype: 'F32' as const, shape, bytes: async () => encodeFloats(values(name, await opened.readFloat32(name)), 'F32')}));
		await writeSafetensors(path.join(copy, file), tensors, {});
		await opened.close();
		return copy;
	};
	const withScale = (checkpoint: string, scale: number) => altered(checkpoint, 'loss_scale.safetensors', (name, was) => (name === 'scale' ? Float32Array.of(scale) : was));

	it('leaves out steps, says so, and continues from a checkpoint exactly, with its scale', async () => {
		const run = await trainingRun(config, {checkpoint: await withScale(start.checkpoint(1), 2 ** 33)});
		const [first, second] = run.said('step');
		expect(first).toMatchObject({skipped: true, lossScale: 2 ** 32});
		// The schedule waits while steps are left out.
		expect(second.learningRate).toBe(first.learningRate);
		expect(run.said('log').map(({message}) => message)).toContain(`Step 2 was left out: its gradients were too large for f16. From now on the loss is multiplied by ${2 ** 32} instead of ${2 ** 33}.`);
		const skipped = changed(await run.tensors(2, 'unet.safetensors'), await start.tensors(1, 'unet.safetensors'));
		expect([skipped, changed(await run.tensors(2, 'unet.ema.safetensors'), await start.tensors(1, 'unet.ema.safetensors'))]).toEqual([[], []]);

		const continued = await trainingRun(config, {checkpoint: run.checkpoint(2)});
		for (const file of filesIn(run.checkpoint(4)).filter(name => name.endsWith('.safetensors'))) expect(changed(await continued.tensors(4, file), await run.tensors(4, file))).toEqual([]);
		expect([...(await start.tensors(4, 'loss_scale.safetensors'))].map(([name, [value]]) => [name, value])).toEqual([['good_steps', 4], ['scale', 65_536], ['updates', 4]]);
	});

	it('warns when hardly any scale is small enough, and ends when none is', async () => {
		const broken = await altered(start.checkpoint(1), 'unet.safetensors', (_, was) => was.fill(NaN));
		const run = await trainingRun(config, {checkpoint: await withScale(broken, 1)});
		expect(run.said('step').map(({loss, gradientNorm, lossScale}) => ({loss, gradientNorm, lossScale}))).toEqual([0.5, 0.25, 0.125].map(lossScale => ({loss: null, gradientNorm: null, lossScale})));
		expect(run.said('warning').map(({message}) => message)).toEqual([expect.stringContaining('the loss is now multiplied by 0.5')]);
		await expect(trainingRun(config, {checkpoint: await withScale(broken, 2 ** -12)})).rejects.toThrow(/step 3 was left out like those before it/);
	});
});
