import path from 'node:path';
import {Option, type Command} from 'commander';
import {demoConfig, parseConfig} from '../presets/index.ts';
import type {Evaluation} from '../train/index.ts';
import {findRun, readRun, summarizeRun, type Run} from '../train/protocol/index.ts';
import {beginRun} from './begin-run.ts';
import {showProgress} from './progress.ts';
import {table} from './table.ts';
import {withFlags} from './training-flags.ts';
import {UsageError} from './usage-error.ts';
import {say, showRun, withView, type ViewOptions} from './watch.ts';

interface DemoOptions extends ViewOptions {
	readonly prior?: 'on' | 'off';
	readonly steps?: string;
	readonly report?: string | true;
	readonly json?: boolean;
}

export function declare(command: Command): void {
	command
		.addOption(new Option('--prior <on|off>', 'train against pictures of other robots, so that they stay what they are').choices(['on', 'off']).default('on'))
		.option('--steps <number>', 'training steps instead of 200')
		.option('--report [RUN]', 'train nothing; measure what a run of the demo has learned (the last one, or by id, unique beginning or name)')
		.option('--json', 'with --report: for programs');
	withView(command).action(runDemo);
}

export async function runDemo(options: DemoOptions = {}): Promise<void> {
	if (options.report !== undefined) return reportRun(options.report === true ? 'last' : options.report, options);
	if (options.json) throw new UsageError('--json is for --report.', 'Give both, or neither.');
	const prior = options.prior !== 'off';
	const original = demoConfig({prior});
	const {maxSteps} = withFlags({...original, warmupSteps: 0}, {maxSteps: options.steps});
	// A demo that is cut short warms up for its share of the steps.
	const warmupSteps = Math.floor(original.warmupSteps * Math.min(1, maxSteps / original.maxSteps));
	const run = await beginRun({...original, maxSteps, warmupSteps});
	await showRun(run, options);
	if (!options.detach) {
		const measured = await measure(readRun(run.folder), {prior});
		if (measured) sayWhatItLearned(measured);
	}
}

/** Measures a run of the demo that ended some time ago. */
async function reportRun(wanted: string, {json}: DemoOptions): Promise<void> {
	const run = findRun(wanted);
	const {config} = parseConfig(run.record.config);
	if (config?.baseModel !== 'demo') throw new UsageError(`Run ${run.record.id} is none of the demo: it trains ${config?.baseModel ?? 'a config that this version does not read'}.`, 'Name a run of the demo: dreambooth runs lists them all.');
	const measured = await measure(run, {prior: config.concepts.some(({classImagesPerInstance}) => classImagesPerInstance > 0)});
	if (!measured) throw new UsageError(`Run ${run.record.id} has no finished model to measure.`, 'Wait until it has finished, or name another: dreambooth runs lists them all.');
	if (json) say(JSON.stringify(measured, undefined, '\t'));
	else sayWhatItLearned(measured);
}

interface Measured extends Evaluation {
	readonly run: string;
	/** PNG: what was measured. */
	readonly sheet: string;
	readonly samples: string;
}

/** Measures the model of a run beside the one it began with; undefined unless the run has finished with a model. */
async function measure({folder, record}: Run, {prior}: {readonly prior: boolean}): Promise<Measured | undefined> {
	const {state, step, outputFolder} = summarizeRun({folder, record});
	if (state !== 'finished' || outputFolder === undefined) return undefined;

	const {evaluateInProcess} = await import('../train/index.ts');
	const sheet = path.join(folder, 'before-and-after.png');
	const progress = showProgress('Measuring what it has learned');
	const evaluation = await evaluateInProcess({trained: path.join(folder, outputFolder), steps: step, prior, sheet}, {onProgress: progress.at}).finally(progress.clear);
	return {run: record.id, ...evaluation, sheet, samples: path.join(folder, 'samples')};
}

function sayWhatItLearned({rows, samples, sheet}: Measured): void {
	say('');
	say('What the model has learned, measured on pictures that it makes with fixed seeds:');
	table([
		['', 'BEFORE', 'AFTER', 'TARGET', ''],
		...rows.map(({label, before, after, target, reached}) => [label, before, after, target, reached === undefined ? '' : reached ? 'reached' : 'missed']),
	]).forEach(line => say(`  ${line}`));
	say(`Samples of the training: ${samples}`);
	say(`Those pictures, before above after: ${sheet}`);
}
