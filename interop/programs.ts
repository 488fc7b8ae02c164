// Single files and LoRAs of the published sizes, loaded by the own code of ComfyUI, of AUTOMATIC1111's web UI and of kohya's sd-scripts. Every weight
// must be where it belongs, and text encoder, UNet and autoencoder must compute what ours do; what the programs save of them must be read by us.
//   npx tsx interop/programs.ts --comfyui PYTHON --kohya PYTHON --a1111 PYTHON [--sources DIR] [--family sd15]
// PYTHON has what the program's requirements name; one of them alone will do. README.md has the rest.
import {execFileSync, spawnSync} from 'node:child_process';
import {cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {cacheFolder} from '../src/train/runtime/index.ts';
import {openLora, type LoraModule} from '../src/train/weights/index.ts';
import {differingTensors} from './compare-models.ts';
import {dreambooth, here} from './dreambooth.ts';
import {families, fullSizeModel, writeFullSizeLora, type Family} from './full-size.ts';
import {checkout, checkoutWebUi} from './sources.ts';

const {values: flags} = parseArgs({options: {
	comfyui: {type: 'string'},
	kohya: {type: 'string'},
	a1111: {type: 'string'},
	sources: {type: 'string'},
	family: {type: 'string'},
	models: {type: 'string', default: path.join(cacheFolder(), 'bench-models')},
}});

/** Of each result's largest value. Weights in f16, arithmetic in f32 on both sides. */
const MOST_ERROR = 1e-4;

interface Program {
	readonly python: string;
	readonly folder: string;
	readonly script: string;
	readonly args?: readonly string[];
	/** What it must take the model for. */
	readonly calls: Readonly<Record<Family, string>>;
}
interface Found {
	readonly name: string;
	/** What the program takes it for. */
	readonly model?: string;
	/** What it said of keys. */
	readonly heard: readonly string[];
	readonly outputs: Readonly<Record<string, number | string>>;
	readonly equal?: number;
	readonly differing?: readonly string[];
	readonly missing?: readonly string[];
	readonly unexpected?: readonly string[];
	readonly patched?: number;
	readonly effect?: number;
	readonly saved?: string;
}
interface LoraTask {
	readonly name: string;
	readonly file: string;
	readonly reference: string;
	readonly modules: number;
}

mkdirSync(cacheFolder(), {recursive: true});
const work = mkdtempSync(path.join(cacheFolder(), 'interop-'));
try {
	const programs: Program[] = [];
	if (flags.comfyui) programs.push({python: flags.comfyui, folder: checkout('ComfyUI', flags.sources), script: 'comfyui.py', calls: {sd15: 'SD15 EPS', sd21: 'SD20 V_PREDICTION'}});
	if (flags.a1111) programs.push({python: flags.a1111, folder: checkoutWebUi(flags.sources), script: 'a1111.py', args: [path.join(work, 'a1111')], calls: {sd15: 'SD1 eps', sd21: 'SD2 v'}});
	if (flags.kohya) programs.push({python: flags.kohya, folder: checkout('sd-scripts', flags.sources), script: 'kohya.py', calls: {sd15: 'SD 1', sd21: 'SD 2'}});
	for (const family of families.filter(family => flags.family === undefined || flags.family === family)) await check(family, programs);
} finally {
	rmSync(work, {recursive: true, force: true});
}

async function check(family: Family, programs: readonly Program[]): Promise<void> {
	const at = (name: string) => path.join(work, name);
	const folder = await fullSizeModel(family, flags.models);
	const file = at(`${family}.safetensors`);
	dreambooth('convert', folder, file, '--precision', 'f16');
	const loras: LoraTask[] = [];
	for (const [targets, name] of [['transformer', 'LoRA'], ['all', 'LoRA, 3x3 convolutions too']] as const) {
		const lora = at(`${family}-${targets}.safetensors`);
		const modules = await writeFullSizeLora(lora, folder, {targets, layout: 'kohya'});
		loras.push({name, file: lora, reference: reference(file, lora, at(`${family}-${targets}-reference.safetensors`)), modules});
	}
	const task = {name: 'single file', family, file, folder, reference: reference(file, '-', at(`${family}-reference.safetensors`)), loras, saved: at('saved')};
	for (const program of programs) {
		mkdirSync(task.saved);
		const name = program.script.replace('.py', '');
		const {stdout, stderr, status} = spawnSync(program.python, [path.join(here, 'programs', program.script), ...(program.args ?? [])], {
			cwd: program.folder, input: JSON.stringify({tasks: [task]}), encoding: 'utf8', maxBuffer: 2 ** 28,
			env: {...process.env, HF_HOME: tokenizerCache(folder), HF_HUB_OFFLINE: '1'},
		});
		rmSync(file.replace('.safetensors', '.yaml'), {force: true});
		const found = stdout.split('\n').filter(line => line.startsWith('RESULT ')).map(line => JSON.parse(line.slice('RESULT '.length)) as Found);
		for (const one of found) {
			const saved = one.saved === undefined ? undefined : await faultOfSaved(one.saved, one.patched === undefined ? folder : loras.find(({name}) => name === one.name)?.file as string);
			tell(`${family} ${name}: ${one.name}`, one, faultOf(one, program.calls[family], loras) ?? saved);
		}
		if (found.length !== 1 + loras.length) {
			process.exitCode = 1;
			console.log(`FAIL ${family} ${name}: ended with ${status} after ${found.length} of ${1 + loras.length} checks\n${stderr.slice(-3000)}`);
		}
		rmSync(task.saved, {recursive: true, force: true});
	}
	for (const made of [file, ...loras.map(lora => lora.file)]) rmSync(made);
}

function reference(model: string, lora: string, out: string): string {
	execFileSync(process.execPath, ['--import', 'tsx', path.join(here, 'reference.ts'), model, lora, out], {stdio: ['ignore', 'ignore', 'pipe']});
	return out;
}

/** The web UI asks the Hugging Face hub for CLIP's tokenizer and sizes. This is the part of its cache that holds them, so that nothing is downloaded. */
function tokenizerCache(folder: string): string {
	const root = path.join(work, 'hub-cache');
	const repository = path.join(root, 'hub/models--openai--clip-vit-large-patch14');
	const snapshot = path.join(repository, 'snapshots/local');
	mkdirSync(path.join(repository, 'refs'), {recursive: true});
	cpSync(path.join(folder, 'tokenizer'), snapshot, {recursive: true});
	writeFileSync(path.join(repository, 'refs/main'), 'local');
	const text_config = {hidden_size: 768, intermediate_size: 3072, num_hidden_layers: 12, num_attention_heads: 12, hidden_act: 'quick_gelu', max_position_embeddings: 77, vocab_size: 49_408};
	writeFileSync(path.join(snapshot, 'config.json'), JSON.stringify({model_type: 'clip', projection_dim: 768, text_config, vision_config: {}}));
	return root;
}

function faultOf({name, model, heard, outputs, differing = [], missing = [], unexpected = [], patched, effect}: Found, call: string, loras: readonly LoraTask[]): string | undefined {
	const names = [...differing, ...missing, ...unexpected, ...heard];
	if (names.length > 0) return `${differing.length} tensors differ, ${missing.length} are missing, ${unexpected.length} unexpected; it said ${heard.length} things: ${names.slice(0, 5).join(', ')}`;
	if (model !== undefined && model !== call) return `taken for ${model} instead of ${call}`;
	if (patched !== undefined && patched !== loras.find(lora => lora.name === name)?.modules) return 'not all modules';
	if (effect !== undefined && effect < 0.1) return 'a LoRA without effect';
	return Object.values(outputs).some(value => typeof value === 'string' || !(value <= MOST_ERROR)) ? 'other results than ours' : undefined;
}

function tell(name: string, {equal, patched, outputs, saved}: Found, fault: string | undefined): void {
	if (fault !== undefined) process.exitCode = 1;
	const count = equal === undefined ? `${patched} modules patched` : `${equal} tensors equal`;
	const errors = Object.entries(outputs).map(([output, value]) => `${output} ${value}`).join(', ');
	console.log(`${fault === undefined ? 'ok  ' : 'FAIL'} ${name}: ${count}; largest differences: ${errors}${saved ? '; saved and read again' : ''}${fault === undefined ? '' : `: ${fault}`}`);
}

/** What the program saved, read by us, against what it was given: every value must be the same. */
async function faultOfSaved(saved: string, given: string): Promise<string | undefined> {
	return given.endsWith('.safetensors') ? faultOfLora(saved, given) : faultOfModel(saved, given);
}

async function faultOfModel(saved: string, given: string): Promise<string | undefined> {
	const again = `${saved}-folder`;
	dreambooth('convert', saved, again, '--precision', 'f16');
	const differing = await differingTensors(given, again);
	rmSync(again, {recursive: true});
	rmSync(saved);
	return differing.length > 0 ? `what it saved differs in ${differing.length} tensors: ${differing.slice(0, 5).join(', ')}` : undefined;
}

async function faultOfLora(saved: string, given: string): Promise<string | undefined> {
	const [theirs, ours] = [await openLora(saved), await openLora(given)];
	const said = async ({network, path, rank, alpha, down, up}: LoraModule) => [`${network} ${path} ${rank} ${alpha}`, Buffer.concat([Buffer.from((await down.read()).buffer), Buffer.from((await up.read()).buffer)]).toString('base64')] as const;
	const known = new Map(await Promise.all(ours.modules.map(said)));
	const equal = (await Promise.all(theirs.modules.map(said))).filter(([key, values]) => known.get(key) === values).length;
	await Promise.all([theirs.close(), ours.close()]);
	return equal === known.size && theirs.modules.length === known.size ? undefined : `what it saved has ${equal} of ${known.size} adapters`;
}
