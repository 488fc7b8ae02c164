// Runs the phases of a training run in this process and prints the peak of resident memory of each as one line of JSON.
//   npx tsx bench/memory-phases.ts --model demo|mid|sd15|sd21|FOLDER --settings '{"resolution": 512, "trainTextEncoder": false}'
import {mkdtemp, rm} from 'node:fs/promises';
import {readFileSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {defaultConfig, resolveBaseModel, type TrainingConfig} from '../src/presets/index.ts';
import {saveCheckpoint} from '../src/train/checkpoint.ts';
import {startEngine} from '../src/train/engine.ts';
import {adaptersToTrain} from '../src/train/lora.ts';
import {normals} from '../src/train/random.ts';
import {cacheFolder} from '../src/train/runtime/index.ts';
import {samples} from '../src/train/sampling.ts';
import {StableDiffusion} from '../src/train/stable-diffusion.ts';
import {StepRunner} from '../src/train/step-runner.ts';
import {frozenNetworks, TrainedState} from '../src/train/trained-state.ts';
import {openModelFolder} from '../src/train/weights/index.ts';
import {isArchitecture, syntheticModel} from './synthetic-model.ts';

const {values: {model: asked, settings, models, steps, prior}} = parseArgs({options: {
	model: {type: 'string', default: 'demo'},
	settings: {type: 'string', default: '{}'},
	models: {type: 'string', default: path.join(cacheFolder(), 'bench-models')},
	steps: {type: 'string', default: '3'},
	/** Class images: a step then has twice the rows. */
	prior: {type: 'boolean', default: false},
}});

const source = isArchitecture(asked) ? await syntheticModel(asked, models) : resolveBaseModel(asked);
const config: TrainingConfig = {...defaultConfig(), ...(JSON.parse(settings) as Partial<TrainingConfig>), baseModel: source};
const {resolution} = config;
const pixels = resolution ** 2;

const resident = (field: 'VmHWM' | 'VmRSS') => 1024 * Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
const phases: Record<string, {peakBytes: number; afterBytes: number; ms: number}> = {};
/** The kernel forgets its peak when 5 is written there, so that each phase has its own. */
async function phase<T>(name: string, work: () => Promise<T> | T): Promise<T> {
	writeFileSync('/proc/self/clear_refs', '5');
	const start = performance.now();
	const result = await work();
	phases[name] = {peakBytes: resident('VmHWM'), afterBytes: resident('VmRSS'), ms: Math.round(performance.now() - start)};
	return result;
}

const folder = await openModelFolder(source);
const {mode, lanes} = await phase('runtime', () => startEngine(folder, {...config, pixels}));
const compileOptions = {mode, precision: config.precision, attention: config.attention, checkpointing: config.gradientCheckpointing};
const model = await phase('load', () => StableDiffusion.open(folder, {...compileOptions, clipSkip: config.clipSkip, lanes, frozenNetworks: frozenNetworks(config), ...(config.training === 'lora' && {adapters: adaptersToTrain(config)})}));
const side = resolution / model.autoencoderFactor;
await phase('encode', () => model.encodeImages(new Float32Array(pixels * 3), {count: 1, height: resolution, width: resolution}));

const images = (prompt: string) => Array.from({length: 8}, (_, i) => ({file: `${i}`, prompt, concept: 0, width: resolution, height: resolution}));
const set = {instance: images('a photo of sks dog'), classImages: prior ? images('a photo of a dog') : []};
const moments = normals(side * side * 8, {seed: 1, stream: 'bench', step: 0, index: 0});
const latents = {of: async (rows: readonly unknown[]) => Float32Array.from({length: rows.length * moments.length}, (_, i) => moments[i % moments.length])};
const state = await phase('state', () => new TrainedState(model, config));
const runner = await phase('trace', () => new StepRunner(model, state, set, latents, config, 10_000, compileOptions));
await phase('step', async () => {
	for (let step = 0; step < Number(steps); step++) (await runner.start(step)).report();
});
await phase('sample', async () => {
	for await (const sample of samples(model, [{prompt: 'a photo of sks dog', negativePrompt: '', seed: 1}], {sampler: 'ddim', steps: 2, guidance: 7.5, width: resolution, height: resolution})) void sample;
});
const stage = await mkdtemp(path.join(os.tmpdir(), 'memory-'));
await phase('save', () => saveCheckpoint(stage, state, {version: 1, step: 1, fingerprint: ''}, {keep: 1}));
await rm(stage, {recursive: true});

console.log(JSON.stringify({model: asked, settings: JSON.parse(settings) as object, prior, mode, lanes, cores: os.availableParallelism(), peakBytes: Math.max(...Object.values(phases).map(({peakBytes}) => peakBytes)), phases}));
process.exit(0);
