// Trains the demo with and without prior for several seeds, through the real processes, and checks every target of its recipe.
//   npx tsx bench/demo-quality.ts [--seeds 2] [--pictures FOLDER]
// Writes bench/results/demo-quality.json; ends with 1 when a target is missed. Some three minutes for a seed.
// FOLDER gets a sheet of all measured pictures of each run.
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {demoConfig} from '../src/presets/index.ts';
import {evaluateInProcess, startRun, type EvaluationJob} from '../src/train/index.ts';
import {isEnded, readEvents, readRun, summarizeRun} from '../src/train/protocol/index.ts';

const {values: {seeds, pictures}} = parseArgs({options: {seeds: {type: 'string', default: '2'}, pictures: {type: 'string'}}});
const here = path.dirname(fileURLToPath(import.meta.url));
/** Of a whole demo, in seconds: all steps, class images and samples on two cores. */
const MOST_SECONDS = 120;
/** Of the steps alone. */
const MOST_TRAINING_SECONDS = 60;

const work = mkdtempSync(path.join(os.tmpdir(), 'demo-quality-'));
process.env.DREAMBOOTH_RUNS = path.join(work, 'runs');
const measured = [];
try {
	for (let seed = 0; seed < Number(seeds); seed++) {
		for (const prior of [true, false]) measured.push(await measure(seed, prior));
	}
} finally {
	rmSync(work, {recursive: true, force: true});
}

const missed = measured.flatMap(({seed, prior, steps, rows, seconds, trainingSeconds}) => [
	...(trainingSeconds > MOST_TRAINING_SECONDS ? [`${trainingSeconds} s of training; at most ${MOST_TRAINING_SECONDS}`] : []),
	...rows.filter(({reached}) => reached === false).map(({label, before, after, target}) => `${label.trim()}: ${before}, then ${after}; ${target}`),
	...(seconds > MOST_SECONDS ? [`${seconds} s; at most ${MOST_SECONDS}`] : []),
].map(text => `seed ${seed}, prior ${prior ? 'on' : 'off'}, ${steps} steps: ${text}`));
mkdirSync(path.join(here, 'results'), {recursive: true});
writeFileSync(path.join(here, 'results/demo-quality.json'), `${JSON.stringify({cpu: os.cpus()[0].model, cores: os.availableParallelism(), missed, measured}, null, '\t')}\n`);
console.log(missed.length === 0 ? 'Every target is reached.' : `Missed:\n  ${missed.join('\n  ')}`);
process.exitCode = missed.length === 0 ? 0 : 1;

/** Trains once and measures the model. */
async function measure(seed: number, prior: boolean) {
	const config = demoConfig({prior});
	const name = `seed-${seed}-prior-${prior ? 'on' : 'off'}`;
	// Class images of its own, or the first run alone would spend time on them.
	const concepts = config.concepts.map(concept => (prior ? {...concept, classImages: path.join(work, `${name}-class`)} : concept));
	const run = await startRun({config: {...config, concepts, seed}});
	while (!isEnded(summarizeRun(readRun(run.folder)).state)) await delay(500);
	const {state, outputFolder, message} = summarizeRun(readRun(run.folder));
	if (state !== 'finished' || outputFolder === undefined) throw new Error(`The run is ${state}: ${message}`);

	const seconds = Math.round((readEvents(run.folder).at(-1)!.time - run.record.createdAt) / 1000);
	const steps = readEvents(run.folder).filter(event => event.type === 'step');
	const trainingSeconds = Math.round(steps.reduce((sum, {stepMs}) => sum + stepMs, 0) / 1000);
	return {seed, prior, seconds, trainingSeconds, ...await evaluate({trained: path.join(run.folder, outputFolder), steps: config.maxSteps, prior, sheet: sheet(name)})};
}

async function evaluate(job: EvaluationJob) {
	const {rows, before, after} = await evaluateInProcess(job);
	console.log(`\n${path.basename(job.sheet, '.png')}, ${job.steps} steps`);
	for (const {label, before, after, target, reached} of rows) console.log(`  ${label.padEnd(44)} ${before.padStart(6)} -> ${after.padStart(6)}  ${target}${reached === undefined ? '' : reached ? ': reached' : ': MISSED'}`);
	return {steps: job.steps, rows, before, after};
}

function sheet(name: string): string {
	const folder = path.resolve(pictures ?? work);
	mkdirSync(folder, {recursive: true});
	return path.join(folder, `${name}.png`);
}
