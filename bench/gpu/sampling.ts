// Times making one image: text, steps with classifier-free guidance, decoding. One line of JSON; the first image is what a person waits for.
//   npx tsx bench/gpu/sampling.ts --model demo|sd15|sd21|FOLDER [--resolution 512] [--steps 25] [--engine auto|graph|xla] [--precision bf16] [--images 5]
import {execFileSync} from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {resolveBaseModel, type TrainingConfig} from '../../src/presets/index.ts';
import {startEngine} from '../../src/train/engine.ts';
import {cacheFolder} from '../../src/train/runtime/index.ts';
import {samples} from '../../src/train/sampling.ts';
import {StableDiffusion} from '../../src/train/stable-diffusion.ts';
import {openModelFolder} from '../../src/train/weights/index.ts';
import {isArchitecture, syntheticModel} from '../synthetic-model.ts';

const {values: flags} = parseArgs({options: {
	model: {type: 'string', default: 'demo'},
	resolution: {type: 'string', default: '512'},
	steps: {type: 'string', default: '25'},
	engine: {type: 'string', default: 'auto'},
	precision: {type: 'string', default: 'f32'},
	attention: {type: 'string', default: 'fused'},
	images: {type: 'string', default: '5'},
	models: {type: 'string', default: path.join(cacheFolder(), 'bench-models')},
}});

const side = Number(flags.resolution);
const {precision, attention, engine} = flags as Pick<TrainingConfig, 'precision' | 'attention' | 'engine'>;
const folder = await openModelFolder(isArchitecture(flags.model) ? await syntheticModel(flags.model, flags.models) : resolveBaseModel(flags.model));
const {runtime, mode, sideMode, lanes} = startEngine(folder, {engine, pixels: side ** 2});
const model = await StableDiffusion.open(folder, {mode, sideMode, precision, attention, lanes, clipSkip: 1});

const times: number[] = [];
for (let i = 0; i < Number(flags.images) + 1; i++) {
	const start = performance.now();
	for await (const _ of samples(model, [{prompt: 'a photo of a dog', negativePrompt: '', seed: i}], {sampler: 'ddim', steps: Number(flags.steps), guidance: 7.5, width: side, height: side})) times.push(performance.now() - start);
}
const [firstMs, ...others] = times;
const sorted = others.toSorted((a, b) => a - b);
const {models: _models, ...asked} = flags;
console.log(JSON.stringify({
	program: 'dreambooth-tui', ...asked, mode: sideMode, device: runtime.device, cores: os.availableParallelism(), firstMs, medianMs: sorted[sorted.length >> 1], minMs: sorted[0],
	...(runtime.device === 'gpu' && {gpuMiB: execFileSync('nvidia-smi', ['--query-gpu=memory.used', '--format=csv,noheader,nounits'], {encoding: 'utf8'}).trim()}),
}));
process.exit(0);
