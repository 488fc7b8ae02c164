import {spawn} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {programFile} from './launch.ts';
import {RunError} from './protocol/index.ts';
import {sampleMessageSchema, type SampleProgress, type SampleJob} from './sample-messages.ts';
import {deathOf, describeDeath} from './native-death.ts';

export type {SampleProgress, SampleJob} from './sample-messages.ts';

/**
 * Makes pictures in a process of their own: native code may end it, or print what it likes, and this one goes on.
 * @throws RunError when a file exists already, with the words of the process when it fails
 */
export async function sampleInProcess(job: SampleJob, tell: (progress: SampleProgress) => void): Promise<void> {
	const taken = job.images.find(({file}) => fs.existsSync(file));
	if (taken) {
		throw new RunError(`${taken.file} exists already.`, 'Choose another place with --out, or remove it.');
	}

	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dreambooth-sample-'));
	const logFile = path.join(folder, 'log.txt');
	const log = fs.openSync(logFile, 'a');
	try {
		const sampler = spawn(process.execPath, [programFile('trainer'), '--sample'], {stdio: ['ignore', log, log, 'ipc'], env: {...process.env, NODE_ENV: 'production'}});
		let failure: RunError | undefined;
		let isDone = false;
		sampler.on('message', text => {
			const message = sampleMessageSchema.parse(text);
			if (message.type === 'done') {
				isDone = true;
			} else if (message.type === 'failed') {
				failure = new RunError(message.message, message.action);
			} else {
				tell(message);
			}
		});
		sampler.send(job, () => undefined);
		const death = await deathOf(sampler);
		if (!isDone) {
			throw failure ?? new RunError(`The sampling process died. ${describeDeath(death, logFile, 0)}`, 'Make fewer or smaller pictures, or free memory.');
		}
	} finally {
		fs.closeSync(log);
		fs.rmSync(folder, {recursive: true, force: true});
	}
}
