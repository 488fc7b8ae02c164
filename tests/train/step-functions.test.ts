import {afterAll, describe, expect, it} from 'vitest';
import {demoConfig, publishedShapes, type TrainingConfig} from '../../src/presets/index.ts';
import type {TrainingImage, TrainingSet} from '../../src/train/batches.ts';
import {describePlan, planCompiling} from '../../src/train/compile-plan.ts';
import type {Latents} from '../../src/train/latents/index.ts';
import {normals} from '../../src/train/random.ts';
import {describeFunction, stepFunctions, type ShapingModel, type StepFunction} from '../../src/train/step-functions.ts';
import {StepRunner} from '../../src/train/step-runner.ts';
import {TrainedState} from '../../src/train/trained-state.ts';
import {closeModels, demoModel} from './demo-model.ts';
import {removeFolders, smallConfig, trainingRun} from './training-run.ts';

afterAll(closeModels);
afterAll(removeFolders);

const [square, wide] = [{width: 32, height: 32}, {width: 32, height: 16}];
const images = (count: number, size: typeof square, {kind = 'instance', prompt = 'a photo of sks robot'} = {}): TrainingImage[] =>
	Array.from({length: count}, (_, i) => ({file: `${kind} ${size.width}x${size.height} ${i}`, prompt, concept: 0, ...size}));
/** Class images for one of two buckets. */
const set: TrainingSet = {instance: [...images(3, square), ...images(2, wide)], classImages: images(4, square, {kind: 'class', prompt: 'a photo of a robot'})};
/** As the embedded model with prompts of as many tokens as they have words. */
const shaping = (padsTokens = true): ShapingModel => ({autoencoderFactor: 4, padsTokens, chunks: () => 1, stateCount: prompt => (padsTokens ? 77 : prompt.split(' ').length + 2)});
const settings = (changes: Partial<TrainingConfig> = {}): TrainingConfig => ({...smallConfig({crop: 'none', batchSize: 1, trainTextEncoder: true}), ...changes});
const functionsOf = (config: TrainingConfig, counts = {totalSteps: 10, textEncoderSteps: 10}, of = set, model = shaping()) => stepFunctions(of, config, model, counts);
const names = (functions: readonly StepFunction[]) => functions.map(one => `${describeFunction(one, functions)}: ${one.uses}`).sort();

describe('the step functions of a run', () => {
	it('are one for each shape of its micro-batches, with their calls', () => {
		expect(names(functionsOf(settings()))).toEqual(['32x16, 1 image: 4', '32x32, 2 images: 6']);
		expect(names(functionsOf(settings({crop: 'center'}), undefined, {instance: images(5, square), classImages: []}))).toEqual(['32x32: 10']);
	});

	it('are others before and after the text encoder stops, and for a batch that only adds its gradients up', () => {
		expect(names(functionsOf(settings({crop: 'center'}), {totalSteps: 10, textEncoderSteps: 7}, {instance: images(5, square), classImages: []}))).toEqual(['32x32, text encoder kept: 3', '32x32, text encoder trained: 7']);
		expect(names(functionsOf(settings({crop: 'center', gradientAccumulation: 3}), undefined, {instance: images(5, square), classImages: []}))).toEqual(['32x32, gradients only: 20', '32x32, with the update: 10']);
		expect(functionsOf(settings({trainTextEncoder: false})).every(({trainsTextEncoder}) => !trainsTextEncoder)).toBe(true);
	});

	it('are one for each length of a prompt that is not padded', () => {
		const [updating, adding] = ['update', 'accumulate'].map(part => functionsOf(settings({padTokens: false}), undefined, set, shaping(false)).filter(one => one.part === part).map(({shape: {rows, positions}}) => [rows, positions]));
		expect(updating).toEqual(expect.arrayContaining([[1, 7]]));
		expect(adding).toEqual([[1, 7]]);
	});

	it('of a long run are told from its beginning', () => {
		const [one, ...others] = functionsOf(settings({crop: 'center'}), {totalSteps: 1_000_000, textEncoderSteps: 1_000_000}, {instance: images(5, square), classImages: []});
		expect(others).toEqual([]);
		expect(one.uses).toBe(1_000_000);
	});

	it('are those that training calls, and one that is to run as a plain graph is not compiled', async () => {
		const model = await demoModel();
		const config = settings({gradientAccumulation: 2, trainTextEncoder: false, maxSteps: 3});
		const planned = functionsOf(config, {totalSteps: 3, textEncoderSteps: 0}, set, model);
		expect(planned.length).toBeGreaterThanOrEqual(3);
		const latents: Pick<Latents, 'of'> = {of: async rows => normals(rows.reduce((size, {image: {width, height}}) => size + (width * height * 8) / 16, 0), {seed: 1, stream: 'moments'})};
		const asked = new Set<string>();
		const plain = Object.assign(new Set(planned.map(({key}) => key)), {has(key: string): boolean {
			asked.add(key);
			return Set.prototype.has.call(this, key);
		}});
		const unexpected = (key: string) => expect.unreachable(`${key} is compiled`);
		const steps = new StepRunner(model, new TrainedState(model, config), set, latents, config, 3, {mode: 'xla'}, {plain, compiling: async key => unexpected(key), compiled: unexpected});
		for (let done = 0; done < 3; done++) expect((await steps.start(done)).report().loss).toBeGreaterThan(0);
		steps.dispose();
		expect([...asked].sort()).toEqual([...plain].sort());
	});
});

it('a run that XLA compiles says what there is to compile, while it does, and how long it took', async () => {
	const run = await trainingRun(smallConfig({engine: 'xla', batchSize: 1, maxSteps: 1, trainTextEncoder: false}));
	const told = run.said('log').map(({message}) => message);
	expect(told).toContainEqual(expect.stringMatching(/^1 step function to compile, about \d+ seconds: 32x32 \(1 call\)\.$/));
	expect(told).toContainEqual(expect.stringMatching(/^Compiled the training step in [\d.]+ s$/));
	expect(run.said('phase')).toContainEqual({type: 'phase', phase: 'compiling', detail: expect.stringMatching(/^Compiling the training step: about \d+ seconds$/)});
	expect(run.said('step')).toHaveLength(1);
});

describe('what is compiled', () => {
	const sd15 = {shape: publishedShapes.sd15};
	const gpu = {device: 'gpu', usableBytes: 80 * 2 ** 30} as const;
	const [large, larger] = [{width: 512, height: 512}, {width: 576, height: 384}];
	const config = (changes: Partial<TrainingConfig> = {}): TrainingConfig => ({...demoConfig({prior: false}), resolution: 512, crop: 'none', batchSize: 1, precision: 'bf16', attention: 'fused', trainTextEncoder: false, engine: 'auto', ...changes});
	const of = (rare: number) => functionsOf(config(), {totalSteps: 2000, textEncoderSteps: 0}, {instance: [...images(20 - rare, large), ...images(rare, larger)], classImages: []});
	const plan = (rare: number, changes: Partial<TrainingConfig> = {}, place: Parameters<typeof planCompiling>[3] = gpu) => planCompiling(of(rare), config(changes), sd15, place);

	it('is what is used most, and what saves more time than compiling takes', () => {
		// 104 s, and 67 ms at each call: 1550 calls.
		expect(plan(4).compiled.map(({name, uses}) => [name, uses])).toEqual([['512x512', 1600]]);
		expect(plan(4).plain.map(({name, uses}) => [name, uses])).toEqual([['576x384', 400]]);
		const long = planCompiling(of(10).map(one => ({...one, uses: 4 * one.uses})), config(), sd15, gpu);
		expect(long.plain).toEqual([]);
		expect(plan(0).compiled).toHaveLength(1);
	});

	it('is everything where a plain graph does not fit, on a CPU, and where XLA or the same result each time is asked for', () => {
		for (const all of [plan(4, {}, {...gpu, usableBytes: 16 * 2 ** 30}), plan(4, {}, {...gpu, device: 'cpu'}), plan(4, {engine: 'xla'}), plan(4, {deterministic: true})]) {
			expect(all.compiled).toHaveLength(2);
			expect(all.plain).toEqual([]);
		}
	});

	it('is told with the time that it takes', () => {
		expect(describePlan(plan(4))).toEqual([
			'1 step function to compile, about 80 seconds the first time on this machine, 5 seconds later on: 512x512 (1600 calls).',
			'Used too rarely to be compiled, so run as plain graphs: 576x384 (400 calls).',
		]);
		expect(describePlan({compiled: [], plain: []})).toEqual([]);
	});
});
