import type {Command} from 'commander';
import {tellRun, withRun} from './run-argument.ts';

export function declare(command: Command): void {
	withRun(command)
		.requiredOption('--prompt <text...>', 'a prompt for each sample')
		.action(async (run: string, {prompt}: {prompt: string[]}) => tellRun(run, {type: 'set-sample-prompts', prompts: prompt}));
}
