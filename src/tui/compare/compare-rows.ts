import path from 'node:path';
import {readEvents, readRun, type Run} from '../../train/protocol/index.ts';
import {smoothed} from '../chart/index.ts';
import {bestValidation, emptyView, foldEvents, livenessOf, settled, type RunView} from '../run/index.ts';
import {formatBytes, formatLoss, formatRate} from '../units.ts';
import {differences} from './differences.ts';

/** The extension's "graph smoothing", as the dashboard begins with. */
const SMOOTHING = 50;

/** Two runs as a table of texts: what, the first, the second. First how they went, then what was set differently. */
export function compareRows(runFolders: readonly [string, string]): readonly (readonly [string, string, string])[] {
	const runs = runFolders.map(folder => readRun(folder)) as [Run, Run];
	const facts = runs.map(run => factsOf(run, settled(foldEvents(emptyView, readEvents(run.folder)), livenessOf(run.folder))));
	const names = Object.keys(facts[0]!);
	return [
		...names.map(name => [name, facts[0]![name]!, facts[1]![name]!] as const),
		...differences(runs[0].record.config, runs[1].record.config).map(({key, values: [one, other]}) => [key, one ?? '-', other ?? '-'] as const),
	];
}

function factsOf({folder, record: {id}}: Run, view: RunView): Readonly<Record<string, string>> {
	const {status, step, totalSteps, lastStep, outcome, histories, peakDeviceBytes, peakResidentBytes} = view;
	const best = bestValidation(view);
	const sample = view.samples.at(-1)?.images.find(image => image !== undefined);
	return {
		'run': id,
		'state': status,
		'step': totalSteps > 0 ? `${step}/${totalSteps}` : String(step),
		'loss': formatLoss(lastStep?.loss).trim(),
		[`loss smoothed (${SMOOTHING})`]: formatLoss(smoothed(histories.loss.buckets, SMOOTHING).findLast(value => value !== undefined)).trim(),
		'best validation': best ? `${formatLoss(best.loss).trim()} at ${best.step}` : '-',
		'learning rate now': formatRate(lastStep?.learningRate),
		'peak memory': formatBytes(peakDeviceBytes > 0 ? peakDeviceBytes : peakResidentBytes),
		'last sample': sample ? path.join(folder, sample.file) : '-',
		'output': outcome?.type === 'finished' ? path.join(folder, outcome.output) : '-',
	};
}
