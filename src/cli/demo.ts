import {Option, type Command} from 'commander';
import {demoConfig} from '../presets/index.ts';
import {beginRun} from './begin-run.ts';
import {withFlags} from './training-flags.ts';
import {showRun, withView, type ViewOptions} from './watch.ts';

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
	const original = demoConfig({prior: options.prior !== 'off'});
	const {maxSteps} = withFlags({...original, warmupSteps: 0}, {maxSteps: options.steps});
	// A demo that is cut short warms up for its share of the steps.
	const warmupSteps = Math.floor(original.warmupSteps * Math.min(1, maxSteps / original.maxSteps));
	await showRun(await beginRun({...original, maxSteps, warmupSteps}), options);
}
