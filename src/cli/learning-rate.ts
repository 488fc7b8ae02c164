import type {Command} from 'commander';
import {tellRun, withRun} from './run-argument.ts';
import {UsageError} from './usage-error.ts';

const LEAST = 0.001;
const MOST = 10;

export function declare(command: Command): void {
	withRun(command)
		.requiredOption('--scale <factor>', 'what the learning rates are multiplied by from the next step on, such as 0.5')
		.action(async (run: string, {scale}: {scale: string}) => {
			const factor = Number(scale);
			if (scale.trim() === '' || !(factor >= LEAST && factor <= MOST)) {
				throw new UsageError(`--scale ${scale}: It must be a number from ${LEAST} to ${MOST}.`, 'Half the learning rate is --scale 0.5');
			}

			await tellRun(run, {type: 'scale-learning-rate', factor});
		});
}
