import type {TrainingConfig} from '../presets/index.ts';
import {runInProcess} from './job-process.ts';
import {sampleProgressSchema, type SampleProgress, type SampleJob} from './sample-messages.ts';

export type {SampleProgress, SampleJob} from './sample-messages.ts';

/** Makes pictures in a process of their own, which sees only the card that `gpu` means. @throws RunError with the words of the process when it fails */
export async function sampleInProcess(job: SampleJob, tell: (progress: SampleProgress) => void, gpu: TrainingConfig['gpu'] = 'auto'): Promise<void> {
	await runInProcess('sample', job, {progressSchema: sampleProgressSchema, tell, place: {device: job.device ?? 'auto', gpu}, remedy: 'Make fewer or smaller pictures, or free memory.'});
}
