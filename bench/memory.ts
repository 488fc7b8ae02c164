// Compares the memory plan with the resident memory of real training steps on this CPU.
//   npx tsx bench/memory.ts [--models FOLDER] [--only demo]
// Writes bench/results/memory-cpu.json, of which --only keeps what it does not measure. Some seven minutes and 9 GB; the models have random weights and are made once.
import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {cpuProfile, defaultConcept, defaultConfig, planMemory, readModelFacts, type TrainingConfig} from '../src/presets/index.ts';
import {cacheFolder} from '../src/train/runtime/index.ts';
import {isArchitecture, syntheticModel} from './synthetic-model.ts';

const {values: {models, only}} = parseArgs({options: {models: {type: 'string', default: path.join(cacheFolder(), 'bench-models')}, only: {type: 'string'}}});
const here = path.dirname(fileURLToPath(import.meta.url));

const unetOnly = {trainTextEncoder: false, attention: 'full'} as const;
const cases: readonly {readonly model: string; readonly settings: Partial<TrainingConfig>; readonly prior?: boolean}[] = [
	{model: 'demo', settings: {resolution: 64, attention: 'full', batchSize: 4}, prior: true},
	{model: 'demo', settings: {...unetOnly, resolution: 64}},
	{model: 'demo', settings: {...unetOnly, resolution: 128, batchSize: 4}},
	{model: 'demo', settings: {trainTextEncoder: false, resolution: 128, batchSize: 4, attention: 'chunked', gradientCheckpointing: true}},
	{model: 'demo', settings: {...unetOnly, resolution: 64, engine: 'eager'}},
	{model: 'mid', settings: {...unetOnly, resolution: 256}},
	{model: 'mid', settings: {...unetOnly, resolution: 256, engine: 'eager'}},
	{model: 'mid', settings: {...unetOnly, resolution: 256, precision: 'bf16'}},
	{model: 'mid', settings: {...unetOnly, resolution: 256, ema: true, gradientAccumulation: 2}},
	{model: 'mid', settings: {attention: 'full', resolution: 256, batchSize: 4}},
	{model: 'mid', settings: {resolution: 384, batchSize: 2}},
	{model: 'mid', settings: {...unetOnly, resolution: 512}},
	{model: 'mid', settings: {trainTextEncoder: false, resolution: 512}},
	{model: 'mid', settings: {trainTextEncoder: false, resolution: 512, gradientCheckpointing: true}},
	{model: 'mid', settings: {...unetOnly, resolution: 256, optimizer: 'adamw8bit'}},
	{model: 'mid', settings: {training: 'lora', trainTextEncoder: false, resolution: 512}},
	{model: 'mid', settings: {training: 'lora', attention: 'full', resolution: 512}},
	{model: 'mid', settings: {training: 'lora', ...unetOnly, resolution: 256, precision: 'bf16'}},
	{model: 'mid', settings: {training: 'lora', trainTextEncoder: false, resolution: 512, precision: 'bf16'}},
];

interface Measured {
	readonly lanes: number;
	readonly peakBytes: number;
	readonly phases: Readonly<Record<string, {readonly peakBytes: number}>>;
}

const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(2);
const results = path.join(here, 'results/memory-cpu.json');
const kept = only === undefined ? [] : (JSON.parse(readFileSync(results, 'utf8')) as {runs: readonly {readonly model: string; readonly error: number}[]}).runs.filter(({model}) => model !== only);
const runs = [];
for (const {model, settings, prior = false} of cases.filter(({model}) => only === undefined || model === only)) {
	const output = execFileSync('npx', ['tsx', path.join(here, 'memory-phases.ts'), '--model', model, '--models', models, '--settings', JSON.stringify(settings), ...(prior ? ['--prior'] : [])], {
		cwd: path.dirname(here), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 26,
	});
	const measured = JSON.parse(output.trim().split('\n').at(-1) as string) as Measured;
	const concepts = [{...defaultConcept(), classImagesPerInstance: prior ? 1 : 0}];
	const {shape} = readModelFacts(isArchitecture(model) ? await syntheticModel(model, models) : model);
	const plan = planMemory({...defaultConfig(), ...settings, concepts}, shape, {profile: cpuProfile, lanes: measured.lanes});
	const error = plan.peakBytes / measured.peakBytes - 1;
	runs.push({model, settings, prior, cpu: os.cpus()[0].model, cores: os.availableParallelism(), lanes: measured.lanes, measuredBytes: measured.peakBytes, plannedBytes: Math.round(plan.peakBytes), error: Number(error.toFixed(3)), measuredByPhase: Object.fromEntries(Object.entries(measured.phases).map(([phase, {peakBytes}]) => [phase, peakBytes]))});
	console.log(`${model} ${JSON.stringify(settings)}${prior ? ' with class images' : ''}: ${gib(measured.peakBytes)} GiB measured, ${gib(plan.peakBytes)} planned (${error > 0 ? '+' : ''}${(100 * error).toFixed(1)} %)`);
}
const all = [...runs, ...kept];
const largestDifference = Math.max(...all.map(({error}) => Math.abs(error)));
console.log(`largest difference: ${(100 * largestDifference).toFixed(1)} %`);
mkdirSync(path.dirname(results), {recursive: true});
writeFileSync(results, `${JSON.stringify({largestDifference, runs: all}, null, '\t')}\n`);
