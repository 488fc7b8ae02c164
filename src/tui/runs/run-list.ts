import fs from 'node:fs';
import path from 'node:path';
import {eventFile, isEnded, isHeld, listRuns, summarizeRun, type Run, type RunSummary} from '../../train/protocol/index.ts';

export interface ListedRun {
	readonly run: Run;
	readonly summary: RunSummary;
}

/** Reads the list of runs again and again; of those that have ended only what is new. */
export class RunList {
	readonly #ended = new Map<string, {readonly bytes: number; readonly summary: RunSummary}>();

	/** The newest first. */
	read(): readonly ListedRun[] {
		return listRuns().reverse().map(run => ({run, summary: this.#summary(run)}));
	}

	#summary(run: Run): RunSummary {
		const bytes = bytesOf(eventFile(run.folder));
		const known = this.#ended.get(run.record.id);
		// A run that has ended may be continued: then its events grow.
		if (known?.bytes === bytes && !isHeld(run)) {
			return known.summary;
		}

		const summary = summarizeRun(run);
		if (isEnded(summary.state)) {
			this.#ended.set(run.record.id, {bytes, summary});
		}

		return summary;
	}
}

function bytesOf(file: string): number {
	try {
		return fs.statSync(file).size;
	} catch {
		return 0;
	}
}

/** Removes a run with its checkpoints, samples and output. Throws what the file system says. */
export async function removeRun({folder}: Run): Promise<void> {
	// Without its record it is no run any more: removing gigabytes takes a while.
	await fs.promises.rm(path.join(folder, 'run.json'));
	await fs.promises.rm(folder, {recursive: true});
}
