import fs from 'node:fs';
import {runInProcess} from './job-process.ts';
import {RunError} from './protocol/index.ts';
import {sampleProgressSchema, type SampleProgress, type SampleJob} from './sample-messages.ts';

export type {SampleProgress, SampleJob} from './sample-messages.ts';

/**
 * Makes pictures in a process of their own.
 * @throws RunError when a file exists already, with the words of the process when it fails
 */
export async function sampleInProcess(job: SampleJob, tell: (progress: SampleProgress) => void): Promise<void> {
	const taken = job.images.find(({file}) => fs.existsSync(file));
	if (taken) {
		throw new RunError(`${taken.file} exists already.`, 'Choose another place with --out, or remove it.');
	}

	await runInProcess('sample', job, {progressSchema: sampleProgressSchema, tell, remedy: 'Make fewer or smaller pictures, or free memory.'});
}
