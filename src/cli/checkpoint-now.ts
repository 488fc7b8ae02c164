import type {Command} from 'commander';
import {tellRun, withRun} from './run-argument.ts';

export function declare(command: Command): void {
	withRun(command).action(async (run: string) => tellRun(run, {type: 'checkpoint-now'}));
}
