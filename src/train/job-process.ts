import {spawn} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type * as z from 'zod';
import type {TrainingConfig} from '../presets/index.ts';
import {jobMessageSchema} from './job-messages.ts';
import {programFile} from './launch.ts';
import {deathOf, describeDeath} from './native-death.ts';
import {RunError} from './protocol/index.ts';
import {gpuEnvironment} from './visible-gpu.ts';

/** The jobs that the trainer program knows besides training a run, by the word that starts it so. */
export type JobName = 'sample' | 'evaluate' | 'extract';

/**
 * Does a job in a process of its own: native code may end it, or print what it likes, and this one goes on.
 * @param place where it works; absent: wherever it can
 * @param remedy what the person can do when the process dies
 * @throws RunError with the words of the process when it fails
 */
export async function runInProcess<Job extends object, Progress>(name: JobName, job: Job, {progressSchema, tell, place, remedy}: {
	readonly progressSchema: z.ZodType<Progress>;
	readonly tell: (progress: Progress) => void;
	readonly place?: Pick<TrainingConfig, 'device' | 'gpu'>;
	readonly remedy: string;
}): Promise<void> {
	const gpu = await gpuEnvironment(place);
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), `dreambooth-${name}-`));
	const logFile = path.join(folder, 'log.txt');
	const log = fs.openSync(logFile, 'a');
	try {
		const worker = spawn(process.execPath, [programFile('trainer'), `--${name}`], {stdio: ['ignore', log, log, 'ipc'], env: {...process.env, ...gpu, NODE_ENV: 'production'}});
		let failure: RunError | undefined;
		let isDone = false;
		worker.on('message', text => {
			const message = jobMessageSchema.parse(text);
			if (message.type === 'done') {
				isDone = true;
			} else if (message.type === 'failed') {
				failure = new RunError(message.message, message.action);
			} else {
				tell(progressSchema.parse(message.progress));
			}
		});
		worker.send(job, () => undefined);
		const death = await deathOf(worker);
		if (!isDone) {
			throw failure ?? new RunError(`The process of the job "${name}" died. ${describeDeath(death, logFile, 0)}`, remedy);
		}
	} finally {
		fs.closeSync(log);
		fs.rmSync(folder, {recursive: true, force: true});
	}
}
