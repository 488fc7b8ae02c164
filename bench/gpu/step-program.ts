// Writes the program that XLA would compile for a GPU, for one configuration's training step, on a machine without one: as StableHLO's predecessor HLO, a
// protocol buffer. Its companion step_memory.py compiles that for a GPU by name and says what memory it takes.
//   npx tsx bench/gpu/step-program.ts --out step.hlo.pb --model sd15 [--resolution 512] [--batch 1] [--precision bf16] ...
import {spawn} from 'node:child_process';
import {copyFileSync, mkdtempSync, readdirSync, rmSync, statSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {defaultConfig, resolveBaseModel, type TrainingConfig} from '../../src/presets/index.ts';
import {compile, type Signature} from '../../src/train/graph/index.ts';
import {adaptersToTrain} from '../../src/train/lora.ts';
import {cacheFolder, loadRuntime} from '../../src/train/runtime/index.ts';
import {StableDiffusion} from '../../src/train/stable-diffusion.ts';
import {stepSignature, trainingStep} from '../../src/train/step.ts';
import {frozenNetworks, TrainedState} from '../../src/train/trained-state.ts';
import {openModelFolder} from '../../src/train/weights/index.ts';
import {isArchitecture, syntheticModel} from '../synthetic-model.ts';

const {values: flags} = parseArgs({options: {
	out: {type: 'string', default: 'step.hlo.pb'},
	model: {type: 'string', default: 'demo'},
	resolution: {type: 'string', default: '512'},
	batch: {type: 'string', default: '1'},
	precision: {type: 'string', default: 'bf16'},
	attention: {type: 'string', default: 'fused'},
	checkpointing: {type: 'boolean', default: false},
	'text-encoder': {type: 'boolean', default: false},
	ema: {type: 'boolean', default: false},
	optimizer: {type: 'string', default: 'adamw'},
	lora: {type: 'string', default: '0'},
	clip: {type: 'string', default: '1'},
	models: {type: 'string', default: path.join(cacheFolder(), 'bench-models')},
}});

const PROGRAM = 'before_optimizations.hlo.pb';
const TRACING = 'DREAMBOOTH_BENCH_TRACING';

if (process.env[TRACING] === undefined) await writeProgram();
else await runStep();

/** Starts this program again, whose XLA writes down what it is given, and ends it once that is written: compiling for the CPU is not what is wanted. */
async function writeProgram(): Promise<void> {
	const folder = mkdtempSync(path.join(os.tmpdir(), 'step-program-'));
	const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
		stdio: ['ignore', 'inherit', 'inherit'],
		env: {
			...process.env, [TRACING]: '1', TF_CPP_MIN_LOG_LEVEL: '2',
			XLA_FLAGS: `--xla_dump_to=${folder} --xla_dump_hlo_as_proto --xla_dump_hlo_module_re=.*training_step.*`,
			TF_XLA_FLAGS: '--tf_xla_call_module_disabled_checks=platform',
		},
	});
	const found = () => readdirSync(folder).find(file => file.endsWith(PROGRAM));
	let size = -1;
	for (;;) {
		await delay(500);
		const file = found();
		const now = file === undefined ? -1 : statSync(path.join(folder, file)).size;
		// Written to its end.
		if (file !== undefined && now > 0 && now === size) break;
		if (child.exitCode !== null && file === undefined) break;
		size = now;
	}
	child.kill('SIGKILL');
	const file = found();
	if (file !== undefined) copyFileSync(path.join(folder, file), flags.out);
	rmSync(folder, {recursive: true, force: true});
	if (file === undefined) throw new Error('The step could not be traced: see above.');
	console.log(path.resolve(flags.out));
}

/** Gives XLA the step as it is on a GPU. */
async function runStep(): Promise<void> {
	const resolution = Number(flags.resolution);
	const rank = Number(flags.lora);
	const config = {
		...defaultConfig(),
		batchSize: Number(flags.batch), resolution, trainTextEncoder: flags['text-encoder'], ema: flags.ema, optimizer: flags.optimizer,
		training: rank > 0 ? 'lora' : 'full', loraRank: Math.max(1, rank), loraTextEncoderRank: Math.max(1, rank),
		gradientClip: Number(flags.clip), engine: 'xla', precision: flags.precision, attention: flags.attention, gradientCheckpointing: flags.checkpointing,
	} as TrainingConfig;
	const runtime = loadRuntime({device: 'cpu'});
	// Filters lie, and kernels are chosen, as on a GPU.
	Object.assign(runtime, {device: 'gpu'});
	const folder = await openModelFolder(isArchitecture(flags.model) ? await syntheticModel(flags.model, flags.models) : resolveBaseModel(flags.model));
	const compileOptions = {mode: 'xla', precision: config.precision, attention: config.attention, checkpointing: config.gradientCheckpointing} as const;
	const model = await StableDiffusion.open(folder, {...compileOptions, clipSkip: 1, frozenNetworks: frozenNetworks(config), ...(config.training === 'lora' && {adapters: adaptersToTrain(config)})});
	const state = new TrainedState(model, config);
	const side = resolution / model.autoencoderFactor;
	const shape = {rows: config.batchSize, height: side, width: side, prompts: 1, chunks: 1};
	const options = {optimizer: state.optimizer, gradientClip: config.gradientClip, trainTextEncoder: config.trainTextEncoder, part: 'update', lossScale: state.lossScale} as const;
	const {scalingFactor} = folder.vaeConfig;
	const {predictionType} = folder.schedulerConfig;
	const stepModel = {...folder, schedule: model.schedule, predictionType, scalingFactor, clipSkip: 1, unet: model.unet, textEncoder: model.textEncoder, adapters: model.adapters};
	const signature: Signature = stepSignature(shape, stepModel, options);
	const inputs = Object.fromEntries(Object.entries(signature).map(([name, {shape, dtype}]) => {
		const size = shape.reduce((product, n) => product * n, 1);
		return [name, dtype === 'int32' ? new Int32Array(size) : new Float32Array(size)];
	}));
	compile<Signature>('training_step_update', trainingStep(stepModel, state.networks, shape, options), signature, compileOptions).call(inputs);
}
