// Times making one image: text, steps with classifier-free guidance, decoding. One line of JSON; the first image is what a person waits for.
//   npx tsx bench/gpu/sampling.ts --model demo|sd15|sd21|FOLDER [--resolution 512] [--steps 25] [--engine auto|graph|xla] [--precision bf16] [--images 5] [--expected CALLS]
// As the program does it, the UNet is compiled where the calls that are expected (those of all images, if not said) are worth it.
import os from 'node:os';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {resolveBaseModel, type TrainingConfig} from '../../src/presets/index.ts';
import {startEngine} from '../../src/train/engine.ts';
import {cacheFolder} from '../../src/train/runtime/index.ts';
import {callsOf, samples} from '../../src/train/sampling.ts';
import {StableDiffusion} from '../../src/train/stable-diffusion.ts';
import {openModelFolder} from '../../src/train/weights/index.ts';
import {isArchitecture, syntheticModel} from '../synthetic-model.ts';
import {usedBy} from './processes.ts';

const {values: flags} = parseArgs({options: {
	model: {type: 'string', default: 'demo'},
	resolution: {type: 'string', default: '512'},
	steps: {type: 'string', default: '25'},
	engine: {type: 'string', default: 'auto'},
	precision: {type: 'string', default: 'f32'},
	attention: {type: 'string', default: 'fused'},
	images: {type: 'string', default: '5'},
	expected: {type: 'string'},
	models: {type: 'string', default: path.join(cacheFolder(), 'bench-models')},
}});

const begin = performance.now();
const side = Number(flags.resolution);
const {precision, attention, engine} = flags as Pick<TrainingConfig, 'precision' | 'attention' | 'engine'>;
const folder = await openModelFolder(isArchitecture(flags.model) ? await syntheticModel(flags.model, flags.models) : resolveBaseModel(flags.model));
const {runtime, mode, sideMode, lanes} = startEngine(folder, {engine, pixels: side ** 2});
/** How the UNet is computed. */
let unet: string = sideMode;
const model = await StableDiffusion.open(folder, {mode, sideMode, precision, attention, lanes, clipSkip: 1, frozenNetworks: ['unet', 'textEncoder', 'vae'], compiling: async known => void (unet = known ? 'compiled, as before' : 'compiled for the first time')});
const loadedMs = performance.now() - begin;

const options = {sampler: 'ddim', steps: Number(flags.steps), guidance: 7.5, width: side, height: side} as const;
model.predictions.expect(Number(flags.expected ?? callsOf(model, Number(flags.images) + 1, options)));

const times: number[] = [];
for (let i = 0; i < Number(flags.images) + 1; i++) {
	const start = performance.now();
	for await (const _ of samples(model, [{prompt: 'a photo of a dog', negativePrompt: '', seed: i}], options)) times.push(performance.now() - start);
}
const [firstMs, ...others] = times;
const sorted = others.toSorted((a, b) => a - b);
const {models: _models, ...asked} = flags;
console.log(JSON.stringify({
	program: 'dreambooth-tui', ...asked, mode: sideMode, unet, device: runtime.device, cores: os.availableParallelism(), loadedMs, firstMs, medianMs: sorted[sorted.length >> 1], minMs: sorted[0],
	...(runtime.device === 'gpu' && {gpuMiB: usedBy(process.pid)}),
}));
process.exit(0);
