import {extractionProgressSchema, type Extraction, type ExtractionReport} from './extract-messages.ts';
import {runInProcess} from './job-process.ts';

export type {Extraction, ExtractionReport} from './extract-messages.ts';

/**
 * Makes a LoRA of the difference of two models, in a process of its own.
 * @param tell hears the share of the work that is done, 0 ... 1
 * @throws RunError with the words of the process when it fails
 */
export async function extractInProcess(extraction: Extraction, tell: (share: number) => void): Promise<ExtractionReport> {
	let report: ExtractionReport | undefined;
	await runInProcess('extract', extraction, {
		progressSchema: extractionProgressSchema,
		tell(progress) {
			if (progress.type === 'extracted') report = progress.report;
			else tell(progress.share);
		},
		remedy: 'Free memory, or choose a smaller rank.',
	});
	return report!;
}
