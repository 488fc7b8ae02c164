import {evaluationJobSchema} from './evaluation-messages.ts';
import {evaluateRun} from './evaluation.ts';
import {extractionSchema} from './extract-messages.ts';
import {extractLora} from './extract.ts';
import {runJob} from './job-worker.ts';
import {train} from './loop.ts';
import {sampleImages} from './sample.ts';
import {informPresets} from './runtime/index.ts';
import {sampleJobSchema} from './sample-messages.ts';
import {runTrainer} from './trainer-process.ts';

informPresets();

// The only program that loads native code: a run's trainer, or with one of these words the doer of a single job.
switch (process.argv[2]) {
	case '--sample': {
		await runJob(sampleJobSchema, sampleImages);
		break;
	}

	case '--evaluate': {
		await runJob(evaluationJobSchema, evaluateRun);
		break;
	}

	case '--extract': {
		await runJob(extractionSchema, extractLora);
		break;
	}

	default: {
		await runTrainer(train);
	}
}
