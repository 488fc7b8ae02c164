import {evaluationProgressSchema, type Evaluation, type EvaluationJob} from './evaluation-messages.ts';
import {runInProcess} from './job-process.ts';

export type {Evaluation, EvaluationJob, EvaluationRow} from './evaluation-messages.ts';

/**
 * Measures in a process of its own what a run of the demo has learned. `onProgress` gets the share that is done, 0 ... 1.
 * @throws RunError with the words of the process when it fails
 */
export async function evaluateInProcess(job: EvaluationJob, {onProgress}: {readonly onProgress?: (share: number) => void} = {}): Promise<Evaluation> {
	let evaluation: Evaluation | undefined;
	await runInProcess('evaluate', job, {
		progressSchema: evaluationProgressSchema,
		tell(progress) {
			if (progress.type === 'evaluated') {
				evaluation = progress.evaluation;
			} else {
				onProgress?.(progress.share);
			}
		},
		remedy: 'The trained model is safe. Free memory before the next demo.',
	});
	return evaluation!;
}
