import type {Command} from 'commander';
import {listRuns, runsFolder, summarizeRun, type Run, type RunSummary} from '../train/protocol/index.ts';
import {table} from './table.ts';
import {say} from './watch.ts';

export function declare(command: Command): void {
	command
		.option('--json', 'for programs')
		.action(({json}: {json?: boolean}) => {
			const runs = listRuns().map(run => ({run, summary: summarizeRun(run)}));
			if (json) {
				say(JSON.stringify(runs.map(asJson), undefined, '\t'));
			} else if (runs.length === 0) {
				say(`There is no run yet in ${runsFolder()}. Start one with: dreambooth demo`);
			} else {
				table([['RUN', 'STATE', 'STEP', 'LOSS', 'NAME'], ...runs.map(asRow)]).forEach(say);
			}
		});
}

interface Listed {
	readonly run: Run;
	readonly summary: RunSummary;
}

const asJson = ({run: {folder, record: {id, name, createdAt}}, summary}: Listed) => ({id, name, createdAt, folder, ...summary});

const asRow = ({run: {record: {id, name}}, summary: {state, step, totalSteps, loss}}: Listed): string[] =>
	[id, state, totalSteps === undefined ? String(step) : `${step}/${totalSteps}`, loss?.toFixed(4) ?? '-', name];
