// Measures the rows of the GPU table, each in a process of its own: milliseconds of a step, seconds until the first, memory by the driver's count;
// and with a Python that has torch and diffusers, the same by those, in the same run. A line of JSON for each as it is done, and all of them in a file.
//   npx tsx bench/gpu/table.ts [--rows full,batch4] [--what first,again,peers] [--out bench/results/gpu-table.json] [--python python3] [--compile-at-once 4]
// First all rows are compiled, several at a time, each with the memory of its process: what compiling takes counts. Then each is timed alone, as a run is
// that was compiled before. Half an hour for all rows.
import {mkdirSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {cacheFolder} from '../../src/train/runtime/index.ts';
import {syntheticModel} from '../synthetic-model.ts';
import {card, here, isPacked, programOf, run} from './processes.ts';

const {values: flags} = parseArgs({options: {
	rows: {type: 'string'},
	what: {type: 'string', default: 'first,again,peers'},
	out: {type: 'string', default: 'bench/results/gpu-table.json'},
	python: {type: 'string'},
	'compile-at-once': {type: 'string', default: '4'},
	'limit-seconds': {type: 'string', default: '400'},
	models: {type: 'string', default: path.join(cacheFolder(), 'bench-models')},
}});

interface Row {
	readonly id: string;
	readonly bench?: 'step' | 'sampling';
	/** Default sd15. */
	readonly model?: 'sd15' | 'sd21';
	/** Flags of bench/step.ts or sampling.ts. */
	readonly ours: string;
	/** Flags of bench/peers/diffusers_step.py. */
	readonly peer?: string;
	/** Milliseconds or GiB, whichever the row is for. */
	readonly target?: {readonly ms?: number; readonly gibibytes?: number};
}

const fused = '--mode auto --attention fused';
const small = `${fused} --precision bf16 --checkpointing --clip 0`;
const rows: readonly Row[] = [
	// A thousand steps, and 200 of the larger pictures: without a number that is not finite.
	{id: 'full', ours: `${fused} --precision bf16 --steps 1000`, peer: '--precision bf16', target: {ms: 50, gibibytes: 13}},
	{id: 'full-f16', ours: `${fused} --precision f16 --steps 50`, peer: '--precision f16', target: {ms: 50}},
	{id: 'batch4', ours: `${fused} --precision bf16 --batch 4 --steps 30`, peer: '--precision bf16 --batch 4', target: {ms: 85}},
	{id: 'batch8', ours: `${fused} --precision bf16 --batch 8 --steps 30`, peer: '--precision bf16 --batch 8', target: {ms: 140}},
	{id: 'text-encoder', ours: `${fused} --precision bf16 --text-encoder --steps 50`, peer: '--precision bf16 --text-encoder', target: {ms: 65}},
	{id: 'lora', ours: `${fused} --precision bf16 --lora 16 --steps 50`, peer: '--precision bf16 --lora 16', target: {ms: 42}},
	{id: 'lora-batch4', ours: `${fused} --precision bf16 --lora 16 --batch 4 --steps 30`, peer: '--precision bf16 --lora 16 --batch 4', target: {ms: 75}},
	{id: '768', ours: `${fused} --precision bf16 --resolution 768 --steps 200`, peer: '--precision bf16 --resolution 768', target: {ms: 95}},
	{id: 'sd21-768', model: 'sd21', ours: `${fused} --precision bf16 --resolution 768 --steps 200`},
	{id: 'deterministic', ours: `${fused} --precision bf16 --deterministic --steps 30`},
	{id: 'small-card', ours: `${small} --optimizer adamw8bit --steps 20`, target: {gibibytes: 7}},
	{id: 'small-card-text-encoder', ours: `${small} --optimizer adamw8bit --text-encoder --steps 20`, target: {gibibytes: 8.5}},
	{id: 'small-card-lora', ours: `${small} --lora 16 --steps 20`, target: {gibibytes: 2.8}},
	// Compiled before: as of a run that makes many.
	{id: 'sampling', bench: 'sampling', ours: '--precision bf16 --steps 25 --expected 1000', peer: '--precision f16 --sampling 25', target: {ms: 600}},
	{id: 'sampling-plain', bench: 'sampling', ours: '--precision bf16 --steps 25 --expected 0'},
];

const wanted = flags.rows?.split(',') ?? rows.map(({id}) => id);
const unknown = wanted.filter(id => !rows.some(row => row.id === id));
if (unknown.length > 0) throw new Error(`There are no rows ${unknown.join(', ')}. There are: ${rows.map(({id}) => id).join(', ')}.`);
const chosen = rows.filter(({id}) => wanted.includes(id));
const limitMs = 1000 * Number(flags['limit-seconds']);
const folders = new Map(await Promise.all([...new Set(chosen.map(({model = 'sd15'}) => model))].map(async model => [model, await syntheticModel(model, flags.models)] as const)));
const results: Record<string, unknown>[] = [];

const ours = async ({bench = 'step', model = 'sd15', ours: asked}: Row, changed: readonly string[] = []) => run(process.execPath, [...programOf(bench), '--model', model, '--models', flags.models, ...asked.split(' '), ...changed], {limitMs});

function tell(result: Record<string, unknown>): void {
	results.push(result);
	console.log(JSON.stringify(result));
	mkdirSync(path.dirname(path.resolve(flags.out)), {recursive: true});
	writeFileSync(flags.out, `${JSON.stringify({gpu: card(), cores: os.availableParallelism(), model: 'SD 1.5 (sd21: SD 2.1), random weights', results}, undefined, '\t')}\n`);
}

const parts = flags.what.split(',');
const toCompile = parts.includes('first') ? [...chosen] : [];
await Promise.all(Array.from({length: Number(flags['compile-at-once'])}, async () => {
	for (let row = toCompile.shift(); row; row = toCompile.shift()) {
		const {said, ...ended} = await ours(row, row.bench === 'sampling' ? ['--images', '1'] : ['--steps', '20']);
		tell({row: row.id, what: 'first start, beside others', command: row.ours, firstMs: said?.firstMs, gpuBytesAt: said?.gpuBytesAt, ...ended});
	}
}));

for (const row of parts.includes('again') ? chosen : []) {
	const {said, ...ended} = await ours(row);
	const {firstMs, medianMs, minMs, maxMs, hostMs, callMs, notFinite, loss, gpuBytesAt} = said ?? {};
	tell({row: row.id, what: 'compiled before, alone', command: row.ours, target: row.target, firstMs, medianMs, minMs, maxMs, hostMs, callMs, notFinite, loss, gpuBytesAt, ...ended});
}

for (const row of flags.python !== undefined && parts.includes('peers') ? chosen : []) {
	if (row.peer === undefined) continue;
	const peer = isPacked ? path.join(here, 'diffusers_step.py') : path.join(here, '../peers/diffusers_step.py');
	const {said, ...ended} = await run(flags.python!, [peer, '--model', folders.get(row.model ?? 'sd15')!, ...row.peer.split(' ')], {limitMs});
	tell({row: row.id, what: 'diffusers', command: `diffusers_step.py ${row.peer}`, ...ended, medianMs: said?.medianMs, minMs: said?.minMs, peakAllocatedBytes: said?.peakAllocatedBytes, torch: said?.torch, diffusers: said?.diffusers});
}
