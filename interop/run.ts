// What dreambooth writes, loaded by the programs that people use it with. Trains the demo for a few steps, fully and as a LoRA, writes every
// layout, makes a picture with each, and has diffusers and peft make the same pictures.
//   npx tsx interop/run.ts --python PYTHON     PYTHON has torch, diffusers, transformers and peft
// Ends with 1 when a key is missing or unexpected, a LoRA is not on every module, or a picture differs. Two minutes, no network.
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {parseArgs} from 'node:util';
import {demoConfig, type TrainingConfig} from '../src/presets/index.ts';
import {startRun} from '../src/train/index.ts';
import {isEnded, readRun, summarizeRun} from '../src/train/protocol/index.ts';
import {openLora} from '../src/train/weights/index.ts';
import {dreambooth, here} from './dreambooth.ts';
import {madeBy, MOST_DIFFERENCE, picture} from './picture.ts';

const {values: {python = 'python3'}} = parseArgs({options: {python: {type: 'string'}}});
const work = mkdtempSync(path.join(os.tmpdir(), 'interop-'));
process.env.DREAMBOOTH_RUNS = path.join(work, 'runs');

interface Check {
	readonly name: string;
	readonly kind: 'folder' | 'single-file' | 'lora';
	readonly model: string;
	readonly lora?: string;
	/** Makes our picture; absent: the model. dreambooth opens single files of the published sizes only, which the demo is not. */
	readonly ours?: string;
}
interface Found {
	readonly name: string;
	readonly error?: string;
	readonly missing_keys?: readonly string[];
	readonly unexpected_keys?: readonly string[];
	readonly patched?: number;
	readonly max?: number;
	readonly mean?: number;
	readonly versions?: Readonly<Record<string, string>>;
}

try {
	const base = path.join(path.dirname(here), 'assets/demo/base');
	const full = await trained({name: 'full'});
	const lora = await trained({name: 'lora', training: 'lora', loraTargets: 'all', loraRank: 8, loraTextEncoderRank: 8, loraLearningRate: 1e-3, loraTextEncoderLearningRate: 1e-3});
	const at = (name: string) => path.join(work, name);
	dreambooth('convert', full.folder, at('bf16.safetensors'), '--precision', 'bf16');
	const asFolder = (file: string, name: string) => {
		dreambooth('convert', file, at(name), '--like', base);
		return at(name);
	};
	const again = asFolder(full.file, 'again');
	dreambooth('convert', lora.file, at('diffusers-lora.safetensors'), '--layout', 'diffusers');
	dreambooth('merge', base, '--lora', `${lora.file}:1`, '--to', at('merged.safetensors'));
	const checks: readonly Check[] = [
		{name: 'diffusers folder', kind: 'folder', model: full.folder},
		{name: 'single file', kind: 'single-file', model: full.file, ours: full.folder},
		{name: 'single file, converted to bf16', kind: 'single-file', model: at('bf16.safetensors'), ours: asFolder(at('bf16.safetensors'), 'bf16')},
		{name: 'single file, converted to a folder', kind: 'folder', model: again},
		{name: 'LoRA, kohya', kind: 'lora', model: base, lora: lora.file},
		{name: 'LoRA, converted to diffusers', kind: 'lora', model: base, lora: at('diffusers-lora.safetensors')},
		{name: 'LoRA merged into a single file', kind: 'single-file', model: at('merged.safetensors'), ours: asFolder(at('merged.safetensors'), 'merged')},
	];
	const tasks = checks.map((check, i) => {
		const file = at(`${i}.png`);
		madeBy({model: check.ours ?? check.model, lora: check.lora}, file);
		return {...check, ...picture, config: base, picture: file};
	});
	const found = execFileSync(python, [path.join(here, 'consumers.py')], {input: JSON.stringify(tasks), encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit']}).trim().split('\n').map(line => JSON.parse(line) as Found);
	const opened = await openLora(lora.file);
	const modules = opened.modules.length;
	await opened.close();
	for (const one of found) {
		const fault = one.versions ? undefined : faultOf(one, modules);
		if (fault !== undefined) process.exitCode = 1;
		console.log(one.versions ? `With ${Object.entries(one.versions).map(([name, version]) => `${name} ${version}`).join(', ')}` : `${fault === undefined ? 'ok  ' : 'FAIL'} ${one.name.padEnd(36)} largest difference ${one.max ?? '-'}, mean ${one.mean ?? '-'} of 255${one.patched === undefined ? '' : `, ${one.patched} of ${modules} modules patched`}${fault === undefined ? '' : `: ${fault}`}`);
	}
} finally {
	rmSync(work, {recursive: true, force: true});
}

function faultOf({error, missing_keys: missing = [], unexpected_keys: unexpected = [], patched, max = Infinity}: Found, modules: number): string | undefined {
	if (error !== undefined) return error;
	if (missing.length + unexpected.length > 0) return `missing ${missing.join(', ')}; unexpected ${unexpected.join(', ')}`;
	if (patched !== undefined && patched !== modules) return 'not all modules';
	return max > MOST_DIFFERENCE ? 'another picture' : undefined;
}

/** Twenty steps of the demo; where its files are. */
async function trained(changes: Partial<TrainingConfig>): Promise<{file: string; folder: string}> {
	const run = await startRun({config: {...demoConfig({prior: false}), maxSteps: 20, warmupSteps: 0, sampleEverySteps: 0, ...changes}});
	while (!isEnded(summarizeRun(readRun(run.folder)).state)) await delay(200);
	const {state, message} = summarizeRun(readRun(run.folder));
	if (state !== 'finished') throw new Error(`The run is ${state}: ${message}`);
	const output = path.join(run.folder, 'output');
	return {file: path.join(output, `${changes.name}.safetensors`), folder: path.join(output, changes.name as string)};
}
