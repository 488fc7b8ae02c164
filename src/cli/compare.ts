import type {Command} from 'commander';
import {findRun} from '../train/protocol/index.ts';
import {table} from './table.ts';
import {isInteractive, say} from './watch.ts';

export function declare(command: Command): void {
	command
		.argument('<RUN>', 'id, unique beginning, name or "last"')
		.argument('<OTHER>', 'the run beside it')
		.option('--plain', 'a table instead of the screen')
		.option('--json', 'for programs')
		.action(async (one: string, other: string, {plain, json}: {plain?: boolean; json?: boolean}) => {
			const runFolders = [findRun(one).folder, findRun(other).folder] as const;
			const {capabilities, compareRows, openCompare} = await import('../tui/index.ts');
			if (json) {
				say(JSON.stringify(Object.fromEntries(compareRows(runFolders).map(([what, ...values]) => [what, values])), undefined, '\t'));
			} else if (plain || !isInteractive()) {
				table(compareRows(runFolders)).forEach(say);
			} else {
				const {stdin, stdout, env} = process;
				await openCompare({runFolders, stdin, stdout, capabilities: capabilities(env, {terminal: true})});
			}
		});
}
