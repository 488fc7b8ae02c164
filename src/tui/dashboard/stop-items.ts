import path from 'node:path';
import type {StopWhen} from '../../train/protocol/index.ts';
import type {MenuItem} from '../menu.tsx';
import {epochEnd, remainingSeconds, type RunView} from '../run/index.ts';
import {formatDuration} from '../units.ts';

/** The ways to stop, each with what is kept. */
export function stopItems(view: RunView, runFolder: string): readonly MenuItem<StopWhen>[] {
	const resume = `dreambooth resume ${path.basename(runFolder)}`;
	if (view.status === 'starting') {
		return [{key: 'now', label: 'at once', help: `Training has not begun: there is nothing to save. Class images that are made stay for the next run. Start it again with: ${resume}`}];
	}

	const last = view.checkpoints.at(-1);
	return [
		{key: 'save', label: 'after saving', help: `Finishes step ${view.step + 1}, saves a checkpoint and ends. Nothing is lost; it goes on from there with: ${resume}`},
		{key: 'epoch-end', label: `at the end of the epoch${whenText(view)}`, help: `Trains until every image has had its turn, saves a checkpoint and ends. It goes on from there with: ${resume}`},
		{key: 'now', label: 'at once, without saving', help: `${last ? `The checkpoint of step ${last.step} is kept, ${lostText(view.step - last.step)}` : `There is no checkpoint yet: ${lostText(view.step)}`} Samples and log stay.`},
		{key: 'discard', label: 'at once, and discard what was trained', help: 'Ends and deletes the checkpoints of this run; it cannot be continued. Samples and log stay. Asks once more.'},
	];
}

/** For the question before checkpoints are deleted. */
export function discardItems(): readonly MenuItem<'keep' | 'discard'>[] {
	return [
		{key: 'keep', label: 'no, go on training', help: 'Nothing happens.'},
		{key: 'discard', label: 'yes, stop and delete the checkpoints', help: 'What was trained is lost for good. Samples and log stay.'},
	];
}

function whenText(view: RunView): string {
	const end = epochEnd(view);
	const all = remainingSeconds(view);
	const share = end === undefined || view.totalSteps <= view.step ? undefined : (end - view.step) / (view.totalSteps - view.step);
	return end === undefined ? '' : ` (step ${end}${all === undefined || share === undefined ? '' : `, in ${formatDuration(all * share)}`})`;
}

const lostText = (steps: number): string => steps === 0 ? 'nothing is lost.' : `the ${steps === 1 ? 'step' : `${steps} steps`} since the last save are lost.`;
