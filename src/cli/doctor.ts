import type {Command} from 'commander';
import {packageRoot} from '../train/protocol/index.ts';
import {doctor, formatDoctor} from '../train/runtime/index.ts';
import {exitCodes} from './exit-codes.ts';

export function declare(command: Command): void {
	command.action(async () => {
		const report = await doctor(packageRoot());
		process.stdout.write(`${formatDoctor(report)}\n`);
		process.exitCode = report.ok ? exitCodes.done : exitCodes.runtime;
	});
}
