import {existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {resolveBaseModel, type TrainingConfig} from '../../src/presets/index.ts';
import {startEngine} from '../../src/train/engine.ts';
import {adaptersOfFile} from '../../src/train/lora.ts';
import {loraHosts} from '../../src/train/models/index.ts';
import {samples} from '../../src/train/sampling.ts';
import {declareNetworks, StableDiffusion, type OpenOptions} from '../../src/train/stable-diffusion.ts';
import {mergedWeight, openLora, openModelFolder, openSafetensors} from '../../src/train/weights/index.ts';
import {difference, filesIn, newFolder, removeFolders, smallConfig, tensorsOf, trainingRun, type RunOptions, type TrainingRun} from './training-run.ts';

const prompt = 'a photo of sks robot';
const loraConfig = (settings: RunOptions = {}): TrainingConfig => smallConfig({name: 'toy', training: 'lora', loraLearningRate: 1e-3, loraTextEncoderLearningRate: 5e-4, samplePrompts: [prompt], sampleEverySteps: 3, ...settings});
const kohya = (run: TrainingRun) => path.join(run.folder, 'output/toy.safetensors');
const diffusers = (run: TrainingRun) => path.join(run.folder, 'output/toy/pytorch_lora_weights.safetensors');
const lastSample = (run: TrainingRun) => readFileSync(path.join(run.folder, run.said('sample').at(-1)!.file));

/** The pixels of the sample that a run of `loraConfig` makes, by a model from a folder. */
async function sampleOf(folder: string, options: Partial<OpenOptions> = {}): Promise<Float32Array> {
	const opened = await openModelFolder(folder);
	const {sampler, samplingSteps: steps, guidance, sampleSeed: seed, sampleNegativePrompt: negativePrompt, resolution} = loraConfig();
	const {mode, lanes} = startEngine(opened, {pixels: resolution ** 2});
	const model = await StableDiffusion.open(opened, {mode, lanes, clipSkip: 1, ...options});
	await opened.close();
	for await (const {image} of samples(model, [{prompt, negativePrompt, seed}], {sampler, steps, guidance, width: resolution, height: resolution})) return image;
	throw new Error('no sample');
}

async function shownBy(run: TrainingRun, index: number): Promise<Float32Array> {
	const {default: sharp} = await import('sharp');
	const bytes = await sharp(path.join(run.folder, run.said('sample').at(index)!.file)).raw().toBuffer();
	return Float32Array.from(bytes, value => value / 255);
}

async function demoModel() {
	const opened = await openModelFolder(resolveBaseModel('demo'));
	await opened.close();
	return opened;
}

const rounded = (image: Float32Array) => image.map(value => Math.fround(Math.round(value * 255) / 255));

let run: TrainingRun;
beforeAll(async () => {
	run = await trainingRun(loraConfig({mergeLora: true}));
});
afterAll(removeFolders);

it('with dropout learns something else, and the same however a step is cut into batches and where it is continued', async () => {
	const config = loraConfig({loraDropout: 0.4, trainTextEncoder: true, batchSize: 4, maxSteps: 2, sampleEverySteps: 0});
	const trained = async (run: TrainingRun) => new Map([...await run.tensors(2, 'unet.lora.safetensors'), ...await run.tensors(2, 'text_encoder.lora.safetensors')]);
	const whole = await trainingRun(config);
	const own = await trained(whole);
	expect(difference(await trained(await trainingRun({...config, loraDropout: 0})), own)).toBeGreaterThan(0.01);
	const continued = await trainingRun({...config, batchSize: 2, gradientAccumulation: 2}, {checkpoint: whole.checkpoint(1)});
	expect(difference(await trained(continued), own)).toBeLessThan(1e-4);
});

describe('a run that trains a LoRA', () => {
	it('makes the same picture as the base model and its LoRA file do, in either layout', async () => {
		const seen = await shownBy(run, -1);
		expect(seen).not.toEqual(await shownBy(run, 0));
		for (const file of [kohya(run), diffusers(run)]) {
			expect(rounded(await sampleOf(resolveBaseModel('demo'), {adapters: adaptersOfFile(file, {strength: 1})}))).toEqual(seen);
		}
	});

	it('begins with adapters that change nothing', async () => {
		expect(rounded(await sampleOf(resolveBaseModel('demo')))).toEqual(await shownBy(run, 0));
	});

	it('writes a merged model that makes that picture by itself', async () => {
		const folder = path.join(run.folder, 'output/toy_merged');
		const [picture, seen] = [await sampleOf(folder), await shownBy(run, -1)];
		expect(Math.max(...picture.map((value, i) => Math.abs(value - seen[i])))).toBeLessThan(2 / 255);
		expect(existsSync(`${folder}.safetensors`)).toBe(true);
	});

	it('leaves every weight of the base model as it was, to the bit', async () => {
		// The merged model is made of the weights on the device after training: they are those of the base model's file.
		const opened = await openModelFolder(resolveBaseModel('demo'));
		const lora = await openLora(kohya(run), loraHosts(declareNetworks(opened)));
		for (const [network, file] of [['unet', 'unet/diffusion_pytorch_model.safetensors'], ['textEncoder', 'text_encoder/model.safetensors']] as const) {
			const merged = await tensorsOf(path.join(run.folder, 'output/toy_merged', file));
			const modules = new Map(lora.modules.filter(module => module.network === network).map(module => [`${module.path}.weight`, module]));
			expect(modules.size).toBeGreaterThan(0);
			for (const name of opened[network].tensors.keys()) {
				const [base, module] = [await opened[network].readFloat32(name), modules.get(name)];
				const expected = module ? await mergedWeight(base, module) : base;
				expect(Buffer.from(merged.get(name)!.buffer).equals(Buffer.from(expected.buffer)), name).toBe(true);
			}
		}
		await lora.close();
		await opened.close();
	});

	it('keeps only adapters and their optimizer state in its checkpoints', async () => {
		expect(readdirSync(run.checkpoint(3)).sort()).toEqual(['position.json', 'text_encoder.lora.optimizer.safetensors', 'text_encoder.lora.safetensors', 'unet.lora.optimizer.safetensors', 'unet.lora.safetensors']);
		const names = [...(await run.tensors(3, 'unet.lora.safetensors')).keys()];
		expect(names.filter(name => !/\.lora_[AB]\.weight$/.test(name))).toEqual([]);
	});

	it('continued from a checkpoint ends with the same bits', async () => {
		const folder = newFolder();
		const again = await trainingRun(loraConfig({mergeLora: true}), {checkpoint: run.checkpoint(1), folder});
		for (const file of filesIn(run.checkpoint(3))) expect(readFileSync(path.join(again.checkpoint(3), file)).equals(readFileSync(path.join(run.checkpoint(3), file))), file).toBe(true);
		expect(again.said('sample').map(({step}) => step)).toEqual([3]);
	});

	it('tells other programs what the file is', async () => {
		const [a, b] = [await openSafetensors(kohya(run)), await openSafetensors(diffusers(run))];
		expect(Object.fromEntries(a.metadata)).toMatchObject({'modelspec.architecture': 'stable-diffusion-v1/lora', ss_network_module: 'networks.lora', ss_network_dim: '4', ss_network_alpha: '4', ss_base_model_version: 'sd_v1'});
		expect(JSON.parse(b.metadata.get('lora_adapter_metadata')!)).toMatchObject({'unet.r': 4, 'unet.lora_alpha': 4, 'text_encoder.r': 4});
		await a.close();
		await b.close();
	});
});

describe('a LoRA that is continued', () => {
	it('begins where the file ends, also with another alpha', async () => {
		const more = await trainingRun(loraConfig({loraFile: kohya(run), loraAlpha: 8, maxSteps: 1, sampleEverySteps: 1}));
		const [first, seen] = [await shownBy(more, 0), await shownBy(run, -1)];
		expect(Math.max(...first.map((value, i) => Math.abs(value - seen[i])))).toBeLessThan(2 / 255);
		expect(lastSample(more).equals(lastSample(run))).toBe(false);
	});

	it('keeps the adapters of a network that is not trained now', async () => {
		const more = await trainingRun(loraConfig({loraFile: diffusers(run), trainTextEncoder: false, maxSteps: 1, sampleEverySteps: 0}));
		const [before, after] = [await tensorsOf(kohya(run)), await tensorsOf(kohya(more))];
		const of = (tensors: ReadonlyMap<string, Float32Array>, prefix: string) => new Map([...tensors].filter(([name]) => name.startsWith(prefix)));
		expect(difference(of(after, 'lora_te_'), of(before, 'lora_te_'))).toBe(0);
		expect(difference(of(after, 'lora_unet_'), of(before, 'lora_unet_'))).toBeGreaterThan(0);
	});

	it('must have the ranks and modules of the config', async () => {
		const refused = (settings: RunOptions) => trainingRun(loraConfig({loraFile: kohya(run), ...settings})).then(() => undefined, (error: Error & {action?: string}) => `${error.message} ${error.action}`);
		expect(await refused({loraRank: 8})).toMatch(/has the rank 4, and loraRank is 8\. Set loraRank to 4/);
		expect(await refused({loraTargets: 'attention'})).toMatch(/loraTargets \(attention\) leaves out\. Set loraTargets to transformer/);
	});
});

describe('the settings of a LoRA', () => {
	const short = (settings: RunOptions) => trainingRun(loraConfig({maxSteps: 1, sampleEverySteps: 0, samplePrompts: [], trainTextEncoder: false, ...settings}));

	it('decide about modules, ranks and alpha of the file', async () => {
		const {folder} = await short({loraTargets: 'all', loraRank: 6, loraAlpha: 3, trainTextEncoder: true, loraTextEncoderRank: 2});
		const file = await openSafetensors(path.join(folder, 'output/toy.safetensors'));
		const down = [...file.tensors].filter(([name]) => name.endsWith('.lora_down.weight'));
		expect(down.some(([name, {shape}]) => name.includes('resnets_0_conv1') && String(shape.slice(2)) === '3,3')).toBe(true);
		const rankOf = (prefix: string) => new Set(down.filter(([name]) => name.startsWith(prefix)).map(([, {shape}]) => shape[0]));
		expect([rankOf('lora_unet_'), rankOf('lora_te_')]).toEqual([new Set([6]), new Set([2])]);
		expect([...await file.readFloat32(down[0][0].replace('lora_down.weight', 'alpha'))]).toEqual([3]);
		await file.close();
	});

	it('have rates of their own, one for each network', async () => {
		const {events} = await short({loraLearningRate: 3e-4, loraTextEncoderLearningRate: 2e-5, learningRate: 1, textEncoderLearningRate: 1, trainTextEncoder: true});
		expect(events.find(event => event.type === 'step')).toMatchObject({learningRate: 3e-4, textEncoderLearningRate: 2e-5});
	});

	it('double the gradient of B with alpha', async () => {
		// The first moments after the first step are (1 − β₁) times the gradient; A has none, because B is zero.
		const momentsAt = async (loraAlpha: number) => (await short({loraAlpha, gradientClip: 0})).tensors(1, 'unet.lora.optimizer.safetensors');
		const [once, twice] = [await momentsAt(4), await momentsAt(8)];
		const gradientsOf = (tensors: ReadonlyMap<string, Float32Array>, half: string) => new Map([...tensors].filter(([name]) => name.startsWith('m/') && name.includes(half)));
		const doubled = new Map([...gradientsOf(once, 'lora_B')].map(([name, values]) => [name, values.map(value => 2 * value)]));
		expect(difference(gradientsOf(twice, 'lora_B'), doubled)).toBeLessThan(1e-4);
		expect([...gradientsOf(once, 'lora_A').values()].every(values => values.every(value => value === 0))).toBe(true);
	});

	it('leave out the layers that clip skip leaves out', async () => {
		const {folder} = await short({clipSkip: 2, trainTextEncoder: true});
		const layers = [...(await tensorsOf(path.join(folder, 'output/toy.safetensors'))).keys()].flatMap(name => /lora_te_text_model_encoder_layers_(\d+)_/.exec(name)?.[1] ?? []);
		const {textEncoderConfig: {numHiddenLayers}} = await demoModel();
		expect(new Set(layers.map(Number))).toEqual(new Set(Array.from({length: numHiddenLayers - 1}, (_, layer) => layer)));
	});

	it('train the text encoder alone', async () => {
		const {folder} = await short({trainUnet: false, trainTextEncoder: true});
		const names = [...(await tensorsOf(path.join(folder, 'output/toy.safetensors'))).keys()];
		expect(names.filter(name => !name.startsWith('lora_te_'))).toEqual([]);
	});
});
