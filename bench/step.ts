// Times one configuration's training step in this process and prints one line of JSON.
//   npx tsx bench/step.ts --model demo|sd15|sd21|FOLDER [--resolution 512] [--batch 1] [--steps 20] [--mode graph] ...
import {readFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {defaultConfig, resolveBaseModel, type TrainingConfig} from '../src/presets/index.ts';
import {startEngine} from '../src/train/engine.ts';
import {adaptersToTrain} from '../src/train/lora.ts';
import {normals} from '../src/train/random.ts';
import {cacheFolder} from '../src/train/runtime/index.ts';
import {StableDiffusion} from '../src/train/stable-diffusion.ts';
import {StepRunner, type PendingStep} from '../src/train/step-runner.ts';
import {frozenNetworks, TrainedState} from '../src/train/trained-state.ts';
import {openModelFolder} from '../src/train/weights/index.ts';
import {usedBy} from './gpu/processes.ts';
import {isArchitecture, syntheticModel} from './synthetic-model.ts';

const {values: flags} = parseArgs({options: {
	model: {type: 'string', default: 'demo'},
	resolution: {type: 'string', default: '512'},
	batch: {type: 'string', default: '1'},
	prior: {type: 'boolean', default: false},
	steps: {type: 'string', default: '20'},
	mode: {type: 'string', default: 'auto'},
	precision: {type: 'string', default: 'f32'},
	attention: {type: 'string', default: 'full'},
	checkpointing: {type: 'boolean', default: false},
	'text-encoder': {type: 'boolean', default: false},
	ema: {type: 'boolean', default: false},
	optimizer: {type: 'string', default: 'adamw'},
	lora: {type: 'string', default: '0'},
	clip: {type: 'string', default: '1'},
	deterministic: {type: 'boolean', default: false},
	models: {type: 'string', default: path.join(cacheFolder(), 'bench-models')},
}});

const resolution = Number(flags.resolution);
const config = {
	...defaultConfig(),
	batchSize: Number(flags.batch),
	resolution,
	trainTextEncoder: flags['text-encoder'],
	ema: flags.ema,
	optimizer: flags.optimizer,
	training: Number(flags.lora) > 0 ? 'lora' : 'full',
	loraRank: Math.max(1, Number(flags.lora)),
	loraTextEncoderRank: Math.max(1, Number(flags.lora)),
	gradientClip: Number(flags.clip),
	deterministic: flags.deterministic,
	engine: flags.mode,
	precision: flags.precision,
	attention: flags.attention,
	gradientCheckpointing: flags.checkpointing,
	priorLossWeight: 1,
} as TrainingConfig;

const begin = performance.now();
const since = () => Math.round(performance.now() - begin);
const source = isArchitecture(flags.model) ? await syntheticModel(flags.model, flags.models) : resolveBaseModel(flags.model);
const madeAt = since();
const folder = await openModelFolder(source);
const {mode, sideMode, lanes, runtime} = startEngine(folder, {...config, pixels: resolution ** 2});
/** What the driver says this process takes of the GPU, by the moments of this program. */
const gpuBytesAt: Record<string, number> = {};
function note(moment: string): void {
	if (runtime.device !== 'gpu') return;
	const mebibytes = usedBy(process.pid);
	if (mebibytes !== undefined) gpuBytesAt[moment] = mebibytes * 2 ** 20;
}
note('started');
/** Of steps: how long TensorFlow takes to set the device to work. */
const callTimes: number[] = [];
const {binding: native} = runtime;
Object.assign(runtime, {binding: Object.create(native, {executeOp: {value: (...call: Parameters<typeof native.executeOp>) => {
	const start = performance.now();
	const made = native.executeOp(...call);
	if (call[0].startsWith('training_step')) callTimes.push(performance.now() - start);
	return made;
}}})});
const compileOptions = {mode, precision: config.precision, attention: config.attention, checkpointing: config.gradientCheckpointing, deterministic: config.deterministic};
const model = await StableDiffusion.open(folder, {...compileOptions, sideMode, clipSkip: 1, lanes, warn: message => console.error(message), frozenNetworks: frozenNetworks(config), ...(config.training === 'lora' && {adapters: adaptersToTrain(config)})});
const loadedAt = since();
note('loaded');

const images = (prompt: string) => Array.from({length: 8}, (_, i) => ({file: `${i}`, prompt, concept: 0, width: resolution, height: resolution}));
const set = {instance: images('a photo of sks dog'), classImages: flags.prior ? images('a photo of a dog') : []};
const side = resolution / model.autoencoderFactor;
const moments = normals(side * side * 8, {seed: 1, stream: 'bench', step: 0, index: 0});
const latents = {of: async (rows: readonly unknown[]) => Float32Array.from({length: rows.length * moments.length}, (_, i) => moments[i % moments.length])};
const state = new TrainedState(model, config);
const steps = new StepRunner(model, state, set, latents, config, 10_000, compileOptions);
const tracedAt = since();
note('optimizer');

const times: number[] = [];
/** Until the device has what it needs for a step. */
const hostTimes: number[] = [];
let loss = 0;
let notFinite = 0;
const read = (pending: PendingStep) => {
	const report = pending.report();
	loss = report.loss;
	if (!Number.isFinite(loss) || !Number.isFinite(report.gradientNorm)) notFinite++;
};
const firstAt = performance.now();
read(await steps.start(0));
const firstMs = performance.now() - firstAt;
note('first step');
// As training does it: a step is read when the next one has begun.
let pending = await steps.start(1);
let last = performance.now();
for (let i = 2; i < Number(flags.steps) + 3; i++) {
	const start = performance.now();
	const next = await steps.start(i);
	hostTimes.push(performance.now() - start);
	read(pending);
	pending = next;
	const now = performance.now();
	times.push(now - last);
	last = now;
}
read(pending);
const sorted = times.slice(1).sort((a, b) => a - b);
const medianOf = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];
const status = readFileSync('/proc/self/status', 'utf8');
const {model: _model, models: _models, ...asked} = flags;
note('end');
console.log(JSON.stringify({
	program: 'dreambooth-tui', model: flags.model, ...asked, mode, lanes, device: runtime.device, cores: os.availableParallelism(),
	medianMs: medianOf(sorted), minMs: sorted[0], maxMs: sorted.at(-1), hostMs: medianOf(hostTimes), callMs: medianOf(callTimes), firstMs,
	modelMadeMs: madeAt, loadedMs: loadedAt - madeAt, tracedMs: tracedAt - loadedAt,
	peakResidentBytes: 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]), loss, notFinite, gpuBytes: gpuBytesAt.end, gpuBytesAt,
}));
process.exit(0);
