// Training speed on this CPU, beside PyTorch where it is installed.
//   npx tsx bench/cpu.ts [--python PYTHON] [--rounds 3] [--no-sd15]
// PYTHON is an interpreter with torch, diffusers and transformers (pip install torch diffusers transformers).
import {execFileSync} from 'node:child_process';
import {mkdirSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

const {values: {python, rounds, 'no-sd15': withoutSd15}} = parseArgs({options: {
	python: {type: 'string'},
	rounds: {type: 'string', default: '3'},
	'no-sd15': {type: 'boolean', default: false},
}});

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(here);
interface Figures {
	readonly medianMs: number;
	readonly peakResidentBytes: number;
}
const lastLine = (command: string, args: readonly string[]): Figures =>
	JSON.parse(execFileSync(command, args, {cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 26}).trim().split('\n').at(-1) as string) as Figures;
const ours = (...flags: string[]) => lastLine('npx', ['tsx', path.join(here, 'step.ts'), ...flags]);
const theirs = (...flags: string[]) => (python === undefined ? undefined : lastLine(python, [path.join(here, 'peers/diffusers_step.py'), ...flags]));

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];
const recipe = ['--resolution', '128', '--batch', '4', '--prior', '--text-encoder', '--steps', '20'];
const pairs = Array.from({length: Number(rounds)}, () => ({
	ours: ours('--model', 'demo', ...recipe),
	deterministic: ours('--model', 'demo', ...recipe, '--deterministic'),
	theirs: theirs('--model', 'assets/demo/base', ...recipe, '--threads', String(os.availableParallelism())),
}));
const demo = {
	what: "a training step of the demo at its recipe's batch, text encoder trained",
	ms: median(pairs.map(pair => pair.ours.medianMs)),
	deterministicMs: median(pairs.map(pair => pair.deterministic.medianMs)),
	...(python !== undefined && {
		diffusersMs: median(pairs.map(pair => pair.theirs?.medianMs ?? NaN)),
		timesAsFast: median(pairs.map(pair => (pair.theirs?.medianMs ?? NaN) / pair.ours.medianMs)),
	}),
	pairs,
};
console.log(`demo step: ${demo.ms.toFixed(0)} ms (deterministic: ${demo.deterministicMs.toFixed(0)} ms)${'timesAsFast' in demo ? `, diffusers ${demo.diffusersMs?.toFixed(0)} ms: ${demo.timesAsFast?.toFixed(2)} times as fast` : ''}`);

const sd15 = withoutSd15 ? undefined : ours('--model', 'sd15', '--resolution', '256', '--steps', '3');
if (sd15) console.log(`SD 1.5, full UNet, f32, 256x256: ${(sd15.medianMs / 1000).toFixed(1)} s a step, ${(sd15.peakResidentBytes / 1e9).toFixed(1)} GB at most`);

mkdirSync(path.join(here, 'results'), {recursive: true});
writeFileSync(path.join(here, 'results/cpu.json'), `${JSON.stringify({cpu: os.cpus()[0].model, cores: os.availableParallelism(), demo, sd15}, null, '\t')}\n`);
