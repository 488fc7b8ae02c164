// Lets a run be out of GPU memory in its midst and checks that it ends well: the demo, trained under the program's own supervisor by a trainer that takes
// the rest of the card between two checkpoints (out-of-memory-trainer.ts). Prints one line of JSON; ends with 1 when a check fails.
//   npx tsx bench/gpu/out-of-memory.ts [--batch 64] [--steps 60] [--every 10] [--engine auto]
// --cpu: without a GPU; a limit to the trainer's memory stands in for the card's (Linux). A minute with --cpu --batch 8 --steps 15 --every 4.
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {demoConfig, type TrainingConfig} from '../../src/presets/index.ts';
import {createRun, readEvents, readRun} from '../../src/train/protocol/index.ts';
import {hasNvidiaDevice, informPresets} from '../../src/train/runtime/index.ts';
import {savingsSchema} from '../../src/train/memory-ladder.ts';
import {Supervisor} from '../../src/train/supervise.ts';

const {values: flags} = parseArgs({options: {
	batch: {type: 'string', default: '64'},
	steps: {type: 'string', default: '60'},
	every: {type: 'string', default: '10'},
	engine: {type: 'string', default: 'auto'},
	cpu: {type: 'boolean', default: false},
}});
if (!flags.cpu && !hasNvidiaDevice()) {
	console.error('This needs an NVIDIA GPU, and there is none here. With --cpu a limit to the memory of the process stands in for it.');
	process.exit(1);
}

/** The same images, cut into other batches and compiled anew: rounding, which training carries on. */
const MOST_LOSS_DIFFERENCE = 0.02;

const isPacked = import.meta.url.endsWith('.js');
const trainer = path.join(path.dirname(fileURLToPath(import.meta.url)), `out-of-memory-trainer.${isPacked ? 'js' : 'ts'}`);
if (!isPacked) process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --import ${import.meta.resolve('tsx')}`;
const batchSize = Number(flags.batch);
const config: TrainingConfig = {
	...demoConfig({prior: false}),
	batchSize,
	maxSteps: Number(flags.steps),
	saveEverySteps: Number(flags.every),
	warmupSteps: 0,
	sampleEverySteps: 0,
	engine: flags.engine as TrainingConfig['engine'],
	// Where it is packed, TensorFlow's GPU build is in the other one's place.
	device: flags.cpu ? 'cpu' : isPacked ? 'auto' : 'gpu',
};

// As where `dreambooth setup` has been run: the packed form finds TensorFlow's GPU build in the other one's place.
process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
informPresets();
const work = mkdtempSync(path.join(os.tmpdir(), 'out-of-memory-'));
process.env.DREAMBOOTH_RUNS = work;
try {
	const run = createRun({name: 'out-of-memory', config, versions: {dreambooth: 'bench', node: process.version}});
	await new Supervisor(run, trainer).work(() => undefined);
	const {device, failed, ...found} = check(run.folder, savingsSchema.parse(readRun(run.folder).record.savings ?? {}));
	console.log(JSON.stringify({passed: failed.length === 0, failed, device, config: flags, ...found}));
	process.exitCode = failed.length === 0 ? 0 : 1;
	if (failed.length > 0) console.error(readFileSync(path.join(run.folder, 'log.txt'), 'utf8').slice(-6000));
} finally {
	rmSync(work, {recursive: true, force: true});
}

/** What became of the run, and which of its promises it has broken. */
function check(folder: string, savings: Pick<Partial<TrainingConfig>, 'batchSize' | 'gradientAccumulation'>) {
	const events = readEvents(folder);
	const ending = events.at(-1);
	const restarts = events.filter(event => event.type === 'restarted');
	const at = events.findIndex(event => event.type === 'restarted');
	const [before, after] = at < 0 ? [events, []] : [events.slice(0, at), events.slice(at)];
	const [steps, again] = [before, after].map(part => part.filter(event => event.type === 'step'));
	const start = after.find(event => event.type === 'started');
	const saved = before.findLast(event => event.type === 'checkpoint')?.step;
	const twice = steps.flatMap(({step, loss}) => again.filter(other => other.step === step).map(other => Math.abs(loss! / other.loss! - 1)));
	const ballast = events.filter(event => event.type === 'log' && event.message.startsWith('Ballast')).map(event => 'message' in event && event.message);
	const promises: Record<string, boolean> = {
		'the ballast was taken once': ballast.length === 1,
		'memory ran out once, and the run said so': restarts.length === 1 && restarts[0].cause.startsWith('memory ran out'),
		'the micro-batch is halved, accumulation doubled': savings.batchSize === batchSize / 2 && savings.gradientAccumulation === 2,
		'a new trainer went on from the last checkpoint': saved !== undefined && restarts[0]?.fromStep === saved && start?.resumedFromStep === saved && again[0]?.step === saved + 1,
		'every step sees as many images': [...steps, ...again].every(({step, samples}) => samples === step * batchSize),
		'all steps are done': ending?.type === 'finished' && again.at(-1)?.step === config.maxSteps && again.every(({step}, i) => step === again[0].step + i),
		'every loss is a number': [...steps, ...again].every(({loss}) => loss !== null && Number.isFinite(loss)),
		'steps that were done twice have the same loss': twice.length > 0 && twice.every(difference => difference < MOST_LOSS_DIFFERENCE),
	};
	return {
		failed: Object.keys(promises).filter(promise => !promises[promise]),
		device: start?.deviceName, mode: events.find(event => event.type === 'plan')?.mode, ballast, ranOutAfterStep: steps.at(-1)?.step, words: /^Message: (.*)$/m.exec(readFileSync(path.join(folder, 'log.txt'), 'utf8'))?.[1], restarts: restarts.map(({cause, fromStep}) => ({cause, fromStep})), savings,
		lossDifference: Math.max(...twice), losses: [steps[0]?.loss, again.at(-1)?.loss], stepMs: [steps.at(-1)?.stepMs, again.at(-1)?.stepMs], ending,
	};
}
