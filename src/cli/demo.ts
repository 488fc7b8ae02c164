import path from 'node:path';
import {Option, type Command} from 'commander';
import {demoConfig} from '../presets/index.ts';
import {readRun, summarizeRun, type Run} from '../train/protocol/index.ts';
import {beginRun} from './begin-run.ts';
import {showProgress} from './progress.ts';
import {table} from './table.ts';
import {withFlags} from './training-flags.ts';
import {say, showRun, withView, type ViewOptions} from './watch.ts';

interface DemoOptions extends ViewOptions {
	readonly prior?: 'on' | 'off';
	readonly steps?: string;
}

export function declare(command: Command): void {
	command
		.addOption(new Option('--prior <on|off>', 'train against pictures of other robots, so that they stay what they are').choices(['on', 'off']).default('on'))
		.option('--steps <number>', 'training steps instead of 300');
	withView(command).action(runDemo);
}

export async function runDemo(options: DemoOptions = {}): Promise<void> {
	const prior = options.prior !== 'off';
	const original = demoConfig({prior});
	const {maxSteps} = withFlags({...original, warmupSteps: 0}, {maxSteps: options.steps});
	// A demo that is cut short warms up for its share of the steps.
	const warmupSteps = Math.floor(original.warmupSteps * Math.min(1, maxSteps / original.maxSteps));
	const run = await beginRun({...original, maxSteps, warmupSteps});
	await showRun(run, options);
	if (!options.detach) {
		await sayWhatItLearned(readRun(run.folder), {prior});
	}
}

/** Measures the model of a run that has finished beside the one it began with, and says where its pictures are. */
async function sayWhatItLearned({folder, record}: Run, {prior}: {readonly prior: boolean}): Promise<void> {
	const {state, step, outputFolder} = summarizeRun({folder, record});
	if (state !== 'finished' || outputFolder === undefined) {
		return;
	}

	const {evaluateInProcess} = await import('../train/index.ts');
	const sheet = path.join(folder, 'before-and-after.png');
	const progress = showProgress('Measuring what it has learned');
	const {rows} = await evaluateInProcess({trained: path.join(folder, outputFolder), steps: step, prior, sheet}, {onProgress: progress.at}).finally(progress.clear);
	say('');
	say('What the model has learned, measured on pictures that it makes with fixed seeds:');
	table([
		['', 'BEFORE', 'AFTER', 'TARGET', ''],
		...rows.map(({label, before, after, target, reached}) => [label, before, after, target, reached === undefined ? '' : reached ? 'reached' : 'missed']),
	]).forEach(line => say(`  ${line}`));
	say(`Samples of the training: ${path.join(folder, 'samples')}`);
	say(`Those pictures, before above after: ${sheet}`);
}
