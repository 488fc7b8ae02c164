import type {Command} from 'commander';
import {tellRun, withRun} from './run-argument.ts';

export function declare(command: Command): void {
	withRun(command)
		.option('--prompt <text...>', 'instead of the prompts of the run')
		.action(async (run: string, {prompt}: {prompt?: string[]}) => tellRun(run, {type: 'sample-now', ...(prompt && {prompts: prompt})}));
}
